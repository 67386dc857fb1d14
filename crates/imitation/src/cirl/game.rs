//! The rules of a game between a person who knows the preference and a robot that does not.

/// What both do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joint {
    /// The state.
    pub state: usize,
    /// The person's action.
    pub human: usize,
    /// The robot's action.
    pub robot: usize,
}

/// A game with finitely many states, actions and preferences.
#[derive(Clone, Debug, PartialEq)]
pub struct CirlGame {
    n_states: usize,
    n_human: usize,
    n_robot: usize,
    /// `[S, A_H, A_R]`, each with next states and their probabilities.
    transitions: Vec<Vec<(usize, f64)>>,
    /// `[Θ]` of `[S, A_H, A_R]`.
    rewards: Vec<Vec<f64>>,
    prior: Vec<f64>,
    discount: f64,
}

/// Tables that make no game.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CirlGameError {
    /// A table of the wrong length.
    #[error("{what} has {found} entries, expected {expected}")]
    Length {
        /// Which table.
        what: &'static str,
        /// Its length.
        found: usize,
        /// What it should be.
        expected: usize,
    },
    /// Probabilities that are none.
    #[error("the probabilities of {place} sum to {sum}; they must lie from 0 to 1 and sum to 1")]
    Probabilities {
        /// Which ones.
        place: String,
        /// Their sum.
        sum: f64,
    },
    /// A successor or a reward that cannot be.
    #[error("{place}: {value} is not possible; {allowed}")]
    Impossible {
        /// Where.
        place: String,
        /// What was given.
        value: f64,
        /// What may be there.
        allowed: &'static str,
    },
}

impl CirlGame {
    /// A game of `n_states` states, `n_human` actions of the person and `n_robot` of the robot. The rules are functions
    /// of the state and both actions; `reward` is given the preference, too. `prior` has one probability a preference.
    ///
    /// # Errors
    /// The first entry that is not possible.
    pub fn new(
        (n_states, n_human, n_robot): (usize, usize, usize),
        mut next_states: impl FnMut(Joint) -> Vec<(usize, f64)>,
        mut reward: impl FnMut(Joint, usize) -> f64,
        prior: Vec<f64>,
        discount: f64,
    ) -> Result<CirlGame, CirlGameError> {
        if n_states * n_human * n_robot == 0 {
            return Err(CirlGameError::Length {
                what: "the table of joint actions",
                found: 0,
                expected: 1,
            });
        }
        check_sum("the prior", &prior)?;
        if !(0.0..=1.0).contains(&discount) {
            return Err(CirlGameError::Impossible {
                place: "the discount".to_owned(),
                value: discount,
                allowed: "it lies from 0 to 1",
            });
        }
        let game = CirlGame {
            n_states,
            n_human,
            n_robot,
            transitions: joints(n_states, n_human, n_robot)
                .map(&mut next_states)
                .collect(),
            rewards: (0..prior.len())
                .map(|preference| {
                    let each = joints(n_states, n_human, n_robot);
                    each.map(|joint| reward(joint, preference)).collect()
                })
                .collect(),
            prior,
            discount,
        };
        game.check()?;
        Ok(game)
    }

    fn check(&self) -> Result<(), CirlGameError> {
        for (joint, row) in joints(self.n_states, self.n_human, self.n_robot).zip(&self.transitions)
        {
            let place = || {
                format!(
                    "state {}, actions {} and {}",
                    joint.state, joint.human, joint.robot
                )
            };
            let probabilities: Vec<f64> = row.iter().map(|(_, p)| *p).collect();
            check_sum(&place(), &probabilities)?;
            if let Some((wrong, _)) = row.iter().find(|(next, _)| *next >= self.n_states) {
                return Err(CirlGameError::Impossible {
                    place: place(),
                    value: *wrong as f64,
                    allowed: "next states are numbered from 0 and below the number of states",
                });
            }
        }
        match self
            .rewards
            .iter()
            .flatten()
            .find(|reward| !reward.is_finite())
        {
            Some(reward) => Err(CirlGameError::Impossible {
                place: "the rewards".to_owned(),
                value: *reward,
                allowed: "rewards are finite",
            }),
            None => Ok(()),
        }
    }

    /// The same game in which the robot may also ask: its last action leaves the state as it is, and costs both `cost`.
    ///
    /// What the person does in that step is the answer. Nothing says beforehand what an answer means: an optimal pair
    /// agrees on it, so that a question tells as much as the person has actions to say.
    ///
    /// # Errors
    /// If the cost is not finite.
    pub fn with_question(&self, cost: f64) -> Result<CirlGame, CirlGameError> {
        let ask = self.n_robot;
        CirlGame::new(
            (self.n_states, self.n_human, self.n_robot + 1),
            |joint| match joint.robot == ask {
                true => vec![(joint.state, 1.0)],
                false => self.next_states(joint).to_vec(),
            },
            |joint, preference| match joint.robot == ask {
                true => -cost,
                false => self.reward(joint, preference),
            },
            self.prior.clone(),
            self.discount,
        )
    }

    /// Number of states.
    #[must_use]
    pub fn n_states(&self) -> usize {
        self.n_states
    }

    /// Number of actions of the person.
    #[must_use]
    pub fn n_human(&self) -> usize {
        self.n_human
    }

    /// Number of actions of the robot.
    #[must_use]
    pub fn n_robot(&self) -> usize {
        self.n_robot
    }

    /// Number of preferences.
    #[must_use]
    pub fn n_preferences(&self) -> usize {
        self.prior.len()
    }

    /// Probability of each preference.
    #[must_use]
    pub fn prior(&self) -> &[f64] {
        &self.prior
    }

    /// The discount factor.
    #[must_use]
    pub fn discount(&self) -> f64 {
        self.discount
    }

    /// Next states and their probabilities.
    #[must_use]
    pub fn next_states(&self, joint: Joint) -> &[(usize, f64)] {
        &self.transitions[self.index(joint)]
    }

    /// What both are paid under a preference.
    #[must_use]
    pub fn reward(&self, joint: Joint, preference: usize) -> f64 {
        self.rewards[preference][self.index(joint)]
    }

    fn index(&self, joint: Joint) -> usize {
        (joint.state * self.n_human + joint.human) * self.n_robot + joint.robot
    }
}

/// Every state with every pair of actions, in the order of the tables.
fn joints(n_states: usize, n_human: usize, n_robot: usize) -> impl Iterator<Item = Joint> {
    let indices = 0..n_states * n_human * n_robot;
    indices.map(move |index| Joint {
        state: index / n_robot / n_human,
        human: index / n_robot % n_human,
        robot: index % n_robot,
    })
}

fn check_sum(place: &str, probabilities: &[f64]) -> Result<(), CirlGameError> {
    let sum: f64 = probabilities.iter().sum();
    if probabilities.iter().all(|p| *p >= 0.0) && (sum - 1.0).abs() <= 1e-9 {
        return Ok(());
    }
    Err(CirlGameError::Probabilities {
        place: place.to_owned(),
        sum,
    })
}
