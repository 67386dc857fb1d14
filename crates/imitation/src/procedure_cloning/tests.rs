//! Learning on small mazes, gradients against finite differences, files, checkpoints, and refusals.

use std::sync::Arc;

use envs::{MazeKind, MazePolicy, MazeSettings, Mazes, search_from_goal};
use mdp::{Environment, EpisodeView, Policy as _, Rng, Seed, Space, Trajectories, WithReward};
use nn::{MapShape, Pool, Schedule};
use rl::{BatchPolicy as _, Error, Learner as _, Play, TrainedPolicy as _, Vectorized};

use super::augment::{resample, zoom_and_shift};
use super::{Config, MapPolicy, Method, PRESETS, Trainer, train};

fn mazes(n_mazes: usize) -> Mazes {
    Mazes::new(&MazeSettings {
        size: 7,
        n_mazes,
        ..MazeSettings::published(0)
    })
}

/// One episode of the expert in each maze.
fn demonstrations(mazes: &Mazes) -> Trajectories {
    let mut trajectories = Trajectories::new(mazes.observation_space(), mazes.action_space());
    for maze in 0..mazes.mazes().len() {
        let mut rng = Seed(0).stream("demonstration", maze as u64);
        let mut state = mazes.begin(maze, &mut rng);
        let mut seen = mazes.observe(&state, &mut rng);
        let (mut observations, mut actions, mut end) = (seen.clone(), vec![], None);
        while end.is_none() {
            let action = MazePolicy::Expert.act(&seen, &mut rng);
            end = mazes.step(&mut state, &action, &mut rng).end;
            actions.push(action as f32);
            seen = mazes.observe(&state, &mut rng);
            observations.extend_from_slice(&seen);
        }
        let episode = EpisodeView {
            observations: &observations,
            actions: &actions,
            rewards: None,
            intents: None,
            states: &[],
            end,
        };
        trajectories.push(episode).unwrap();
    }
    trajectories
}

fn config(method: Method) -> Config {
    let preset = match method {
        Method::Procedure | Method::FinalBoard => "small",
        _ => "small-cloning",
    };
    let preset = Config::preset(preset).unwrap();
    Config {
        method,
        steps: 12,
        round: 4,
        minibatch: 6,
        hidden: vec![16],
        dense: preset.dense.iter().map(|_| 8).collect(),
        ..preset
    }
}

fn trainer(config: Config, n_threads: usize) -> Trainer {
    let mazes = mazes(3);
    let environment = Vectorized::new(Arc::new(mazes.clone()), 1, Seed(0));
    Trainer::new(
        config,
        &demonstrations(&mazes),
        &search_from_goal,
        Box::new(environment),
        Seed(0),
        Arc::new(Pool::new(n_threads)),
    )
    .unwrap()
}

fn rngs(n: usize) -> Vec<Rng> {
    (0..n as u64).map(|i| Seed(0).stream("play", i)).collect()
}

/// A few thousand samples teach one round of a search, and the round is right in mazes never seen.
#[test]
fn a_learned_procedure_is_the_experts_in_other_mazes() {
    let training = mazes(40);
    let config = Config {
        steps: 900,
        minibatch: 16,
        hidden: vec![16, 16],
        learning_rate: Schedule::LinearToZero(5e-3),
        ..config(Method::Procedure)
    };
    let mut losses = vec![];
    let mut observer = |event: &rl::TrainEvent| {
        let rl::TrainEvent::Iteration(iteration) = event;
        losses.push(iteration.policy_loss.unwrap());
    };
    let pool = Arc::new(Pool::new(1));
    let policy = train(
        config,
        &demonstrations(&training),
        &search_from_goal,
        Seed(0),
        Arc::clone(&pool),
        &mut observer,
    )
    .unwrap();
    assert!(losses.last().unwrap() < &(0.05 * losses[0]), "{losses:?}");
    let test = Mazes::new(&MazeSettings {
        size: 7,
        n_mazes: 40,
        set: envs::MazeSet::Test,
        ..MazeSettings::published(1)
    });
    let mut rng = Seed(1).stream("start", 0);
    let observations: Vec<Vec<f32>> = (0..40)
        .map(|maze| test.observe(&test.begin(maze, &mut rng), &mut rng))
        .collect();
    let mut actor = policy.actor(Play::Greedy, 40);
    let mut actions = vec![0.0; 40];
    actor.act(&observations.concat(), &mut rngs(40), &mut actions, &pool);
    let mut n_right = 0;
    for (i, observation) in observations.iter().enumerate() {
        let rounds = search_from_goal(observation);
        let board = &actor.boards()[i * 49..][..49];
        let same = rounds.last().unwrap() == board && rounds.len() == actor.n_rounds()[i];
        n_right += usize::from(same);
    }
    assert!(n_right >= 36, "{n_right} of 40 whole boards");
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    for method in Method::ALL {
        let play = |n_threads: usize| {
            let mut trainer = trainer(config(method), n_threads);
            while trainer.n_steps() < trainer.n_planned() {
                trainer.iterate(&mut |_: &rl::TrainEvent| {}).unwrap();
            }
            trainer.policy().to_bytes()
        };
        assert!(play(1) == play(3), "{method:?}");
    }
}

#[test]
fn a_training_goes_on_where_it_was_stopped() {
    for method in [Method::Procedure, Method::AugmentedAction] {
        let mut whole = trainer(config(method), 1);
        let mut observer = |_: &rl::TrainEvent| {};
        whole.iterate(&mut observer).unwrap();
        let saved = whole.save();
        let mut resumed = trainer(config(method), 1);
        resumed.restore(&saved).unwrap();
        for _ in 0..2 {
            whole.iterate(&mut observer).unwrap();
            resumed.iterate(&mut observer).unwrap();
        }
        assert_eq!(whole.n_steps(), 72);
        assert_eq!(resumed.n_steps(), 72);
        assert!(whole.policy().to_bytes() == resumed.policy().to_bytes());
        // Bytes of another training change nothing.
        let before = resumed.save();
        let mut other = trainer(
            Config {
                hidden: vec![3],
                ..config(method)
            },
            1,
        );
        assert!(other.restore(&saved).is_err());
        assert!(resumed.restore(&saved[..saved.len() - 9]).is_err());
        assert!(before == resumed.save());
    }
}

#[test]
fn policies_are_written_and_read_back() {
    for method in Method::ALL {
        let trainer = trainer(config(method), 1);
        let bytes = trainer.policy().to_bytes();
        let policy = MapPolicy::from_bytes(&bytes).unwrap();
        assert_eq!(policy.method(), method);
        assert!(policy.to_bytes() == bytes);
        policy.check_fits(trainer.environment()).unwrap();
        let other = Vectorized::new(
            Arc::new(envs::Mazes::new(&MazeSettings::published(0))),
            1,
            Seed(0),
        );
        let error = policy.check_fits(&other).unwrap_err().to_string();
        assert!(error.contains("7 by 7 cells"), "{error}");
        for length in [0, 7, 100, bytes.len() - 1] {
            assert!(MapPolicy::from_bytes(&bytes[..length]).is_err());
        }
    }
}

/// Files with one number turned into something else: an error each, and nothing that asks for memory or panics.
#[test]
fn damaged_policies_are_refused() {
    let arrays = |numbers: [u64; 8], hidden: &[u64], n_parameters: usize| {
        let mut arrays = rl::Arrays::default();
        arrays.put_u64("map_policy", numbers);
        arrays.put_u64("hidden", hidden);
        arrays.put_u64("dense", []);
        arrays.put_f32("parameters", vec![0.5; n_parameters]);
        MapPolicy::from_bytes(&arrays.to_bytes())
    };
    let good = [0, 7, 7, 3, 4, 3, 2, 100];
    let n_parameters = 9 * (8 * 2 + 2 * 5) + 7;
    assert!(arrays(good, &[2], n_parameters).is_ok());
    for (index, bad) in [
        (0, 5),
        (1, 0),
        (1, u64::MAX),
        (2, 1 << 40),
        (3, 0),
        (4, 0),
        (4, 255),
        (5, 2),
        (5, 33),
        (6, 3),
        (7, 0),
    ] {
        let mut numbers = good;
        numbers[index] = bad;
        let error = arrays(numbers, &[2], n_parameters).err();
        assert!(error.is_some(), "number {index} is {bad}");
    }
    assert!(arrays(good, &[0], n_parameters).is_err());
    assert!(arrays(good, &[4096; 32], n_parameters).is_err());
    assert!(arrays(good, &[2; 33], n_parameters).is_err());
    assert!(arrays(good, &[2], n_parameters + 1).is_err());
}

/// What the network says of the board before is compared with the board after: the loss of a step, from its definition.
#[test]
fn the_first_loss_is_that_of_labels_drawn_alike() {
    for method in Method::ALL {
        let config = Config {
            round: 1,
            learning_rate: Schedule::Constant(1e-9),
            ..config(method)
        };
        let (mut trainer, mut loss) = (trainer(config, 1), 0.0);
        // Weights of zero say all labels alike.
        let parameters = trainer.cloning.policy.model.parameters_mut();
        parameters.fill(0.0);
        let mut observer = |event: &rl::TrainEvent| {
            let rl::TrainEvent::Iteration(iteration) = event;
            loss = iteration.policy_loss.unwrap();
        };
        trainer.iterate(&mut observer).unwrap();
        let expected = match method {
            Method::Procedure | Method::FinalBoard => 5.0_f64.ln(),
            Method::Action | Method::AugmentedAction => 4.0_f64.ln(),
            Method::AuxiliaryAction => 2.0 * 4.0_f64.ln(),
        };
        assert!((loss - expected).abs() < 1e-5, "{method:?}: {loss}");
    }
}

/// The gradient that a step was made with is the derivative of the loss that it reports.
#[test]
fn gradients_are_those_of_finite_differences() {
    for method in Method::ALL {
        let loss_at = |index: Option<usize>, moved: f32| {
            let config = Config {
                round: 1,
                learning_rate: Schedule::Constant(1e-12),
                ..config(method)
            };
            let (mut trainer, mut loss) = (trainer(config, 1), 0.0);
            if let Some(index) = index {
                trainer.cloning.policy.model.parameters_mut()[index] += moved;
            }
            let mut observer = |event: &rl::TrainEvent| {
                let rl::TrainEvent::Iteration(iteration) = event;
                loss = iteration.policy_loss.unwrap();
            };
            trainer.iterate(&mut observer).unwrap();
            (loss, trainer.cloning.gradient.clone())
        };
        let (_, gradient) = loss_at(None, 0.0);
        let mut order: Vec<usize> = (0..gradient.len()).collect();
        order.sort_by(|a, b| gradient[*b].abs().total_cmp(&gradient[*a].abs()));
        for index in order.into_iter().take(4) {
            let step = 2e-3;
            let (above, below) = (loss_at(Some(index), step).0, loss_at(Some(index), -step).0);
            let difference = (above - below) / f64::from(2.0 * step);
            let error = (difference - f64::from(gradient[index])).abs();
            assert!(
                error < 0.02 * difference.abs(),
                "{method:?}: {difference} {}",
                gradient[index]
            );
        }
    }
}

#[test]
fn augmentation_moves_maps_and_keeps_what_it_moves() {
    let shape = MapShape {
        height: 3,
        width: 4,
        channels: 2,
    };
    let map: Vec<f32> = (0..24).map(|i| i as f32).collect();
    let mut out = vec![f32::NAN; 24];
    resample(
        &map,
        shape,
        |row| row as f64,
        |column| column as f64,
        &mut out,
    );
    assert_eq!(out, map, "nothing moved");
    // One row up and half a column to the left.
    resample(
        &map,
        shape,
        |row| row as f64 + 1.0,
        |column| column as f64 + 0.5,
        &mut out,
    );
    assert_eq!(out[..8], [9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 7.0, 7.5]);
    assert_eq!(out[16..], [0.0; 8], "zeros from beyond the edge");
    let mut rng = Seed(0).stream("augment", 0);
    let (mut seen, ones) = (vec![], vec![1.0; 24]);
    for _ in 0..20 {
        zoom_and_shift(&ones, shape, &mut rng, &mut out);
        assert!(out.iter().all(|value| (0.0..=1.0 + 1e-6).contains(value)));
        seen.push(out.clone());
    }
    seen.sort_by(|a, b| a[0].total_cmp(&b[0]));
    seen.dedup();
    assert!(seen.len() > 10, "zooms and shifts differ");
}

#[test]
fn impossible_settings_are_named() {
    let check = |config: Config, expected: &str| {
        let error = config.check().unwrap_err().to_string();
        assert_eq!(error, expected);
    };
    let good = || config(Method::Procedure);
    check(
        Config {
            kernel: 4,
            ..good()
        },
        "kernel is 4; it must be odd",
    );
    check(
        Config {
            minibatch: 0,
            ..good()
        },
        "minibatch is 0; it must be at least 1",
    );
    check(
        Config {
            dense: vec![3],
            ..good()
        },
        "dense is [3]; where boards are predicted there are convolutions alone",
    );
    check(
        Config {
            learning_rate: Schedule::Constant(f64::NAN),
            ..good()
        },
        "learning_rate is NaN; it must be above 0",
    );
    for preset in PRESETS {
        (preset.config)().check().unwrap();
    }
    for method in Method::ALL {
        assert_eq!(method.name().parse::<Method>().unwrap(), method);
    }
    assert!(
        "bfs"
            .parse::<Method>()
            .unwrap_err()
            .to_string()
            .contains("final-board")
    );
}

#[test]
fn what_is_no_procedure_on_maps_is_refused() {
    let mazes = mazes(1);
    let refused = |demonstrations: &Trajectories, procedure: super::Procedure<'_>| {
        let pool = Arc::new(Pool::new(1));
        let mut observer = |_: &rl::TrainEvent| {};
        let config = config(Method::Procedure);
        let trained = train(
            config,
            demonstrations,
            procedure,
            Seed(0),
            pool,
            &mut observer,
        );
        trained.err().map(|error| error.to_string()).unwrap()
    };
    let good = demonstrations(&mazes);
    let none = Trajectories::new(mazes.observation_space(), mazes.action_space());
    assert!(refused(&none, &search_from_goal).contains("at least one episode"));
    for procedure in [
        (&|_: &[f32]| vec![]) as super::Procedure<'_>,
        &|_: &[f32]| vec![vec![4; 49]],
        &|_: &[f32]| vec![vec![0; 48]],
        &|_: &[f32]| vec![vec![5; 49], vec![0; 49]],
    ] {
        let error = refused(&good, procedure);
        assert!(error.contains("no action in cell"), "{error}");
    }
    let flat = Trajectories::new(Space::continuous(0.0, 1.0, 147), mazes.action_space());
    assert!(refused(&flat, &search_from_goal).contains("height, width and channels"));
    let steered = Trajectories::new(mazes.observation_space(), Space::continuous(0.0, 1.0, 1));
    assert!(refused(&steered, &search_from_goal).contains("procedure cloning cannot act"));
    // The environment's reward does not matter; another environment does.
    let paid = WithReward {
        environment: mazes.clone(),
        reward: |_: &envs::MazeState, _: &usize, _: &envs::MazeState| 3.0,
    };
    let accepted = |environment: Box<dyn rl::VectorEnvironment>| {
        let pool = Arc::new(Pool::new(1));
        Trainer::new(
            config(Method::Action),
            &good,
            &search_from_goal,
            environment,
            Seed(0),
            pool,
        )
    };
    assert!(accepted(Box::new(Vectorized::new(Arc::new(paid), 1, Seed(0)))).is_ok());
    let other = Mazes::new(&MazeSettings {
        kind: MazeKind::Open,
        ..MazeSettings::published(0)
    });
    let other = accepted(Box::new(Vectorized::new(Arc::new(other), 1, Seed(0))));
    assert!(matches!(other.err(), Some(Error::Setting { .. })));
}

/// An agent who cannot get anywhere draws, and the search stops at a board that says itself.
#[test]
fn a_policy_without_an_answer_draws() {
    let trainer = trainer(config(Method::Procedure), 1);
    let mut policy = MapPolicy::from_bytes(&trainer.policy().to_bytes()).unwrap();
    policy.model.parameters_mut().fill(0.0);
    let last = policy.n_parameters() - 1;
    // The blank label has the greatest bias everywhere.
    policy.model.parameters_mut()[last] = 1.0;
    let observation = mazes(1).observe(
        &mazes(1).begin(0, &mut Seed(0).stream("start", 0)),
        &mut Seed(0).stream("unused", 0),
    );
    let mut actor = policy.actor(Play::Greedy, 64);
    let mut actions = vec![0.0; 64];
    let pool = Pool::new(1);
    actor.act(&observation.repeat(64), &mut rngs(64), &mut actions, &pool);
    assert_eq!(actor.n_rounds(), [1; 64]);
    for action in 0..4 {
        let n = actions.iter().filter(|a| **a == action as f32).count();
        assert!((4..40).contains(&n), "{n} of 64 are {action}");
    }
}
