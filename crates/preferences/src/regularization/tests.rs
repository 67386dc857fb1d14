//! Penalties against exact optima on finite MDPs.

use std::sync::Arc;

use envs::{NailFactory, RandomTransitions};
use mdp::{Discount, TabularMdp, TimeLimit, normal, occupancy, policy_return, uniform_policy};
use rl::Vectorized;

use super::*;

fn drawn(seed: u64) -> (TabularMdp, Vec<f64>) {
    let environment = RandomTransitions::drawn(12, 3, 3, Seed(seed));
    let discount = Discount::new(0.9).unwrap();
    let mdp = mdp::tabulate(&environment, discount, 100).unwrap().mdp;
    let rewards = mdp.expected_rewards();
    (mdp, rewards)
}

/// A reference policy that takes every action, some more than others.
fn reference(mdp: &TabularMdp) -> Vec<f64> {
    let mut rng = Seed(7).stream("reference", 0);
    let mut policy = vec![];
    for _ in 0..mdp.n_states() {
        let weights: Vec<f64> = (0..mdp.n_actions())
            .map(|_| normal(&mut rng).exp())
            .collect();
        let total: f64 = weights.iter().sum();
        policy.extend(weights.iter().map(|w| w / total));
    }
    policy
}

/// Policies near one: some of every state's probability goes elsewhere.
fn neighbours(policy: &[f64], n_actions: usize, share: f64) -> Vec<Vec<f64>> {
    let mut rng = Seed(3).stream("neighbours", 0);
    (0..50)
        .map(|_| {
            let rows = policy.chunks_exact(n_actions);
            rows.flat_map(|row| {
                let to = mdp::index(n_actions, &mut rng);
                let moved = row.iter().enumerate();
                let moved =
                    moved.map(|(a, p)| (1.0 - share) * p + share * f64::from(u8::from(a == to)));
                moved.collect::<Vec<f64>>()
            })
            .collect()
        })
        .collect()
}

#[test]
fn no_neighbour_of_the_kl_optimum_is_better() {
    let (mdp, rewards) = drawn(0);
    let reference = reference(&mdp);
    for coefficient in [0.3, 3.0, 30.0] {
        let objective = |policy: &[f64]| {
            let cost = |(p, q): (&f64, &f64)| coefficient * (p / q).ln();
            let costs = policy.iter().zip(&reference).map(cost);
            let paid: Vec<f64> = rewards.iter().zip(costs).map(|(r, c)| r - c).collect();
            policy_return(&mdp, &paid, policy).unwrap()
        };
        let optimum = kl_optimum(&mdp, &rewards, &reference, coefficient);
        let best = objective(&optimum);
        assert!(best >= objective(&reference));
        for share in [0.01, 0.2] {
            for other in neighbours(&optimum, mdp.n_actions(), share) {
                assert!(objective(&other) <= best + 1e-8);
            }
        }
    }
}

#[test]
fn no_policy_is_better_than_the_occupancy_optimum_by_more_than_its_gap() {
    let (mdp, rewards) = drawn(1);
    let reference = reference(&mdp);
    let of_reference = occupancy(&mdp, &reference).unwrap();
    let total: f64 = of_reference.iter().sum();
    for coefficient in [0.5, 3.0] {
        let optimum =
            occupancy_optimum(&mdp, &rewards, &reference, coefficient, 1e-3, 5_000).unwrap();
        let objective = |policy: &[f64]| {
            let visits = occupancy(&mdp, policy).unwrap();
            let paid: f64 = visits.iter().zip(&rewards).map(|(v, r)| v * r).sum();
            paid - coefficient * total * chi_squared_of_visits(&visits, &of_reference).sqrt()
        };
        // Its policy has the visits that it says, so that the certificate speaks of the policy.
        let visits = occupancy(&mdp, &optimum.policy).unwrap();
        for (a, b) in visits.iter().zip(&optimum.visits) {
            assert!((a - b).abs() < 1e-6, "{a} and {b}");
        }
        assert!(optimum.gap <= 0.05, "{optimum:?}");
        let best = objective(&optimum.policy);
        for share in [0.01, 0.2, 1.0] {
            for other in neighbours(&optimum.policy, mdp.n_actions(), share) {
                assert!(objective(&other) <= best + optimum.gap + 1e-9);
            }
        }
    }
}

#[test]
fn a_heavier_penalty_keeps_nearer_and_the_heaviest_at_the_reference() {
    let (mdp, rewards) = drawn(2);
    let reference = uniform_policy(&mdp);
    let at = |coefficient| {
        occupancy_optimum(&mdp, &rewards, &reference, coefficient, 1e-3, 3_000).unwrap()
    };
    let (light, heavy, heaviest) = (at(0.2), at(2.0), at(1e3));
    assert!(light.divergence > heavy.divergence);
    assert!(light.reward_return > heavy.reward_return);
    assert!(heaviest.divergence < 1e-3, "{}", heaviest.divergence);
}

#[test]
fn chi_squared_is_infinite_where_the_reference_never_goes() {
    assert_eq!(chi_squared_of_visits(&[1.0, 1.0], &[1.0, 1.0]), 0.0);
    assert_eq!(chi_squared_of_visits(&[2.0, 0.0], &[1.0, 1.0]), 1.0);
    assert_eq!(
        chi_squared_of_visits(&[1.0, 1.0], &[2.0, 0.0]),
        f64::INFINITY
    );
    assert_eq!(chi_squared_of_visits(&[2.0, 0.0], &[2.0, 0.0]), 0.0);
}

/// The discriminator's ratio beside the exact one, state by state and action by action.
#[test]
fn the_discriminator_learns_the_ratio_of_visits() {
    let (mdp, rewards) = drawn(3);
    let reference = uniform_policy(&mdp);
    let policy = kl_optimum(&mdp, &rewards, &reference, 8.0);
    let (own, of_reference) = (
        occupancy(&mdp, &policy).unwrap(),
        occupancy(&mdp, &reference).unwrap(),
    );
    let n = own.len();
    let one_hot = |visits: &[f64], label: &str| {
        let total: f64 = visits.iter().sum();
        let shares: Vec<f64> = visits.iter().map(|v| v / total).collect();
        let mut rng = Seed(5).stream(label, 0);
        let mut rows = vec![0.0; 40_000 * n];
        for row in rows.chunks_exact_mut(n) {
            row[mdp::categorical(&shares, &mut rng)] = 1.0;
        }
        rows
    };
    let settings = OccupancyRegularization {
        hidden: vec![],
        n_updates: 1500,
        minibatch: 1024,
        learning_rate: 1e-2,
        ..OccupancyRegularization::with_coefficient(1.0)
    };
    let pool = Pool::new(1);
    let rows = one_hot(&of_reference, "reference");
    let mut ratio = OccupancyRatio::new(n, &settings, rows, Seed(0));
    let rows = one_hot(&own, "own");
    ratio.learn(&rows, &settings, &pool).unwrap();
    let identity: Vec<f32> = (0..n * n)
        .map(|i| f32::from(u8::from(i % (n + 1) == 0)))
        .collect();
    let learned = ratio.log_ratios(&identity, &pool);
    let (mut n_seen, mut greatest) = (0, 0.0_f64);
    for (index, learned) in learned.iter().enumerate() {
        let shares = [own[index], of_reference[index]].map(|v| v / 10.0);
        if shares.iter().all(|share| *share > 0.01) {
            n_seen += 1;
            greatest = greatest.max((learned - (shares[0] / shares[1]).ln()).abs());
        }
    }
    assert!(n_seen > 10 && greatest < 0.35, "{greatest} of {n_seen}");
    let exact = chi_squared_of_visits(&own, &of_reference).sqrt();
    let measured = of_ratios(&ratio.log_ratios(&rows, &pool), &settings).divergence;
    assert!(
        (measured / exact - 1.0).abs() < 0.15,
        "{measured} of {exact}"
    );
}

fn factory() -> Box<dyn VectorEnvironment> {
    let environment = TimeLimit::new(NailFactory::default(), 12);
    Box::new(Vectorized::new(Arc::new(environment), 4, Seed(0)))
}

fn trainer(seed: u64, pool: &Arc<Pool>) -> ppo::Trainer {
    let config = ppo::Config {
        n_environments: 4,
        n_steps: 24,
        normalize_rewards: false,
        ..ppo::Config::preset("wide-batch").unwrap()
    };
    ppo::Trainer::in_phases(config, factory(), Seed(seed), Arc::clone(pool)).unwrap()
}

#[test]
fn what_is_near_the_reference_costs_nothing_and_what_is_far_costs() {
    let pool = Arc::new(Pool::new(1));
    let mut other = trainer(1, &pool);
    // Another policy: paid for its second choice alone for some rounds.
    for _ in 0..30 {
        let round = other.collect_round();
        let paid = |action: &[f32]| action[1];
        let rewards: Vec<f32> = round.actions.chunks_exact(7).map(paid).collect();
        other.learn_from(&rewards).unwrap();
    }
    let mut own = trainer(0, &pool);
    own.collect_round();
    for regularization in [
        Regularization::Kl { coefficient: 2.0 },
        Regularization::Occupancy(OccupancyRegularization::with_coefficient(2.0)),
    ] {
        let reference = own.current_policy().clone();
        let rules = factory();
        let mut regularizer = Regularizer::new(
            regularization.clone(),
            reference,
            rules.as_ref(),
            Seed(2),
            &pool,
        )
        .unwrap();
        let same = regularizer
            .penalties(&own.round(), own.current_policy(), &pool)
            .unwrap();
        other.collect_round();
        let mut far = same.clone();
        for _ in 0..6 {
            far = regularizer
                .penalties(&other.round(), other.current_policy(), &pool)
                .unwrap();
        }
        assert!(
            same.divergence.abs() < 0.5 * far.divergence,
            "{} {}",
            same.divergence,
            far.divergence
        );
        if let Regularization::Kl { coefficient } = regularization {
            assert!(same.penalties.iter().all(|p| p.abs() < 1e-4));
            let mean = far.penalties.iter().sum::<f32>() / far.penalties.len() as f32;
            assert!((f64::from(mean) - coefficient * far.divergence).abs() < 1e-4);
        }
        // It goes on to the same bits from where it was saved.
        let mut arrays = Arrays::default();
        regularizer.save(&mut arrays);
        let mut again = Regularizer::restored(regularization, rules.as_ref(), &mut arrays).unwrap();
        let [first, second] = [&mut regularizer, &mut again].map(|one| {
            one.penalties(&other.round(), other.current_policy(), &pool)
                .unwrap()
        });
        assert_eq!(first, second);
    }
}

#[test]
fn impossible_settings_are_refused() {
    let pool = Arc::new(Pool::new(1));
    let policy = trainer(0, &pool).current_policy().clone();
    let of = OccupancyRegularization::with_coefficient;
    for regularization in [
        Regularization::Kl { coefficient: -1.0 },
        Regularization::Kl {
            coefficient: f64::NAN,
        },
        Regularization::Occupancy(OccupancyRegularization {
            minibatch: 0,
            ..of(1.0)
        }),
        Regularization::Occupancy(OccupancyRegularization {
            max_log_ratio: 0.0,
            ..of(1.0)
        }),
    ] {
        let rules = factory();
        let made = Regularizer::new(
            regularization,
            policy.clone(),
            rules.as_ref(),
            Seed(0),
            &pool,
        );
        assert!(made.is_err());
    }
}

fn learner(regularization: Option<Regularization>, pool: &Arc<Pool>) -> crate::Trainer {
    let config = crate::Config {
        n_comparisons: 40,
        n_query_rounds: 3,
        initial_steps: 96,
        recent_steps: 192,
        segment_steps: 6,
        initial_epochs: 3,
        regularization,
        ..crate::Config::preset("default").unwrap()
    };
    let optimizer = ppo::Config {
        steps: 960,
        n_environments: 4,
        n_steps: 24,
        minibatch: 48,
        normalize_rewards: false,
        ..ppo::Config::preset("wide-batch").unwrap()
    };
    let oracle = Arc::new(feedback::Oracle);
    let config_of = feedback::AnnotatorConfig::default();
    let annotators = feedback::SimulatedAnnotators::one(oracle, config_of, Seed(0)).unwrap();
    crate::Trainer::new(
        config,
        optimizer,
        Box::new(annotators),
        factory(),
        Seed(0),
        Arc::clone(pool),
    )
    .unwrap()
}

#[test]
fn a_training_near_a_reference_goes_on_to_the_same_bits() {
    use rl::Learner as _;
    let pool = Arc::new(Pool::new(1));
    let mut free = learner(None, &pool);
    let of = OccupancyRegularization::with_coefficient;
    for regularization in [
        Regularization::Kl { coefficient: 1.0 },
        Regularization::Occupancy(of(1.0)),
    ] {
        let mut whole = learner(Some(regularization.clone()), &pool);
        assert_eq!(whole.divergence(), None);
        let silent = &mut |_: &rl::TrainEvent| {};
        for _ in 0..4 {
            whole.iterate(silent).unwrap();
        }
        assert!(whole.divergence().is_some());
        let mut again = learner(Some(regularization), &pool);
        again.restore(&whole.save()).unwrap();
        for _ in 0..3 {
            whole.iterate(silent).unwrap();
            again.iterate(silent).unwrap();
        }
        assert_eq!(whole.policy().to_bytes(), again.policy().to_bytes());
        assert_eq!(whole.divergence(), again.divergence());
        assert!(free.restore(&whole.save()).is_err(), "it has no reference");
    }
    assert!(free.divergence().is_none());
}

/// The same steps and rewards but for the penalty: what is far from the reference is given up.
#[test]
fn the_heaviest_penalty_keeps_the_policy_at_its_reference() {
    use rl::Learner as _;
    let pool = Arc::new(Pool::new(1));
    let silent = &mut |_: &rl::TrainEvent| {};
    let mut distance = |coefficient: f64| {
        let mut learner = learner(Some(Regularization::Kl { coefficient }), &pool);
        for _ in 0..40 {
            learner.iterate(silent).unwrap();
        }
        learner.divergence().unwrap()
    };
    let (free, held) = (distance(0.0), distance(20.0));
    assert!(held < 0.5 * free, "{held} of {free}");
}
