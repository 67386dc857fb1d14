//! Reads the tables that `peers/gymnasium_tables.py` wrote.

use mdp::Transition;

/// A recorded table.
pub(crate) struct Fixture {
    pub(crate) n_states: usize,
    pub(crate) n_actions: usize,
    /// Probability of starting in each state.
    pub(crate) start: Vec<f64>,
    /// `[S * A]`.
    pub(crate) rows: Vec<Vec<Transition>>,
}

impl Fixture {
    pub(crate) fn read(text: &str) -> Fixture {
        let mut fixture = Fixture {
            n_states: 0,
            n_actions: 0,
            start: vec![],
            rows: vec![],
        };
        let mut kinds: Vec<Vec<(f64, isize, f64, bool)>> = vec![];
        let mut state = 0;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (what, values) = line.split_once(' ').unwrap();
            let mut values = values.split(' ');
            match what {
                "size" => {
                    fixture.n_states = values.next().unwrap().parse().unwrap();
                    fixture.n_actions = values.next().unwrap().parse().unwrap();
                    fixture.start = vec![0.0; fixture.n_states];
                }
                "start" => {
                    let probability: f64 = values.next().unwrap().parse().unwrap();
                    for state in values.flat_map(states) {
                        fixture.start[state] = probability;
                    }
                }
                "row" => kinds.push(values.map(entry).collect()),
                "state" => {
                    for row in values {
                        let row: usize = row.parse().unwrap();
                        fixture.rows.push(absolute(&kinds[row], state));
                    }
                    state += 1;
                }
                other => panic!("line of kind {other}"),
            }
        }
        assert_eq!(state, fixture.n_states);
        assert_eq!(fixture.rows.len(), fixture.n_states * fixture.n_actions);
        fixture
    }

    pub(crate) fn row(&self, state: usize, action: usize) -> &[Transition] {
        &self.rows[state * self.n_actions + action]
    }
}

fn absolute(row: &[(f64, isize, f64, bool)], state: usize) -> Vec<Transition> {
    row.iter()
        .map(|(probability, offset, reward, terminates)| Transition {
            probability: *probability,
            next_state: state.checked_add_signed(*offset).unwrap(),
            reward: *reward,
            terminates: *terminates,
        })
        .collect()
}

fn states(word: &str) -> std::ops::RangeInclusive<usize> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    first.parse().unwrap()..=last.parse().unwrap()
}

fn entry(word: &str) -> (f64, isize, f64, bool) {
    let [probability, offset, reward, end] = word.split(',').collect::<Vec<_>>()[..] else {
        panic!("entry {word}");
    };
    (
        probability.parse().unwrap(),
        offset.parse().unwrap(),
        reward.parse().unwrap(),
        end == "1",
    )
}
