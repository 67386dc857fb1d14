//! A scripted driver.

use mdp::{Policy, Rng};

use super::{ABOARD, City, DROPOFF, MOVES, PICKUP, SIZE, STANDS};

/// A scripted driver: the shortest way to the passenger, then to where they want to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaxiDriver;

impl Policy<usize, usize> for TaxiDriver {
    fn act(&self, observation: &usize, _rng: &mut Rng) -> usize {
        let city = City::decode(*observation);
        let (target, arrived) = if city.passenger == ABOARD {
            (city.destination, DROPOFF)
        } else {
            (city.passenger, PICKUP)
        };
        if city.stand() == Some(target) {
            return arrived;
        }
        let distances = distances(STANDS[target]);
        let nearest = (0..MOVES.len()).min_by_key(|direction| {
            let next = city.moved(*direction);
            distances[next.row * SIZE + next.column]
        });
        nearest.expect("there are moves")
    }
}

/// Moves from each cell to a cell, by relaxation: the city is small.
fn distances((row, column): (usize, usize)) -> [usize; SIZE * SIZE] {
    let mut distances = [SIZE * SIZE; SIZE * SIZE];
    distances[row * SIZE + column] = 0;
    for _ in 0..SIZE * SIZE {
        for cell in 0..SIZE * SIZE {
            let city = City {
                row: cell / SIZE,
                column: cell % SIZE,
                passenger: ABOARD,
                destination: 0,
            };
            for direction in 0..MOVES.len() {
                let next = city.moved(direction);
                let through = distances[next.row * SIZE + next.column] + 1;
                distances[cell] = distances[cell].min(through);
            }
        }
    }
    distances
}
