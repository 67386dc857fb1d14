//! The boards, the rules, the expert and its search.

use std::collections::BTreeSet;

use mdp::{
    Discount, Enumerable, Environment, Episode, Policy, Seed, StateVector, TimeLimit,
    check_environment, check_outcomes, policy_iteration, tabulate,
};

use super::{
    Maze, MazeKind, MazePolicy, MazeReward, MazeSet, MazeSettings, MazeState, Mazes,
    search_from_goal,
};

fn mazes(kind: MazeKind, size: usize, n_mazes: usize, reward: MazeReward) -> Mazes {
    Mazes::new(&MazeSettings {
        kind,
        size,
        n_mazes,
        reward,
        ..MazeSettings::published(0)
    })
}

#[test]
fn mazes_pass_the_checkers() {
    for kind in MazeKind::ALL {
        for reward in MazeReward::ALL {
            let environment = mazes(kind, 10, 3, reward);
            check_environment(&TimeLimit::new(environment.clone(), 60), 500, Seed(0)).unwrap();
            check_outcomes(&environment, 300, Seed(0)).unwrap();
        }
    }
}

#[test]
fn a_published_maze_looks_like_this() {
    let maze = &Mazes::new(&MazeSettings::published(0)).mazes()[0].clone();
    let rows = [
        "################",
        "#  #  #        #",
        "#  #  #G       #",
        "#  #  #  #  #  #",
        "#  #     #  #  #",
        "#  #     #  #  #",
        "#  #  ####  #  #",
        "#  #     #  #  #",
        "#  #     #  #  #",
        "#  #######  #  #",
        "#  #     #     #",
        "#  #     #     #",
        "#  #  #  #  #  #",
        "#     #     #  #",
        "#     #     #  #",
        "################",
    ];
    assert_eq!(maze.rows(), rows);
}

#[test]
fn corridors_are_two_cells_wide_and_reach_every_room() {
    for size in [4, 7, 16, 17, 30] {
        for seed in 0..20 {
            let maze = Maze::dig(MazeKind::Tunnels, size, &mut Seed(seed).stream("maze", 0));
            let n_rooms = (size - 1) / 3;
            for room in 0..n_rooms * n_rooms {
                let (row, column) = (1 + room / n_rooms * 3, 1 + room % n_rooms * 3);
                for cell in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    assert!(!maze.is_wall((row + cell.0, column + cell.1)));
                }
            }
            let free = maze.rows().concat().matches([' ', 'G']).count();
            assert_eq!(maze.starts().len(), free - 1, "every free cell is a start");
            // A tree of rooms has one way less than rooms, of two cells each; shortcuts add some.
            let n_ways = (free - 4 * n_rooms * n_rooms) / 2;
            assert!(n_rooms * n_rooms - 1 <= n_ways);
            for edge in 0..size {
                for cell in [(0, edge), (edge, 0), (size - 1, edge), (edge, size - 1)] {
                    assert!(maze.is_wall(cell));
                }
            }
        }
    }
}

#[test]
fn a_quarter_of_the_cells_is_blocked() {
    let maze = Maze::dig(MazeKind::Blocks, 16, &mut Seed(0).stream("maze", 0));
    let walls = maze.rows().concat().matches('#').count();
    assert_eq!(walls, 60 + 196 / 4);
}

#[test]
fn test_mazes_are_not_among_those_of_training() {
    let of = |set, seed, n_mazes| {
        Mazes::new(&MazeSettings {
            set,
            n_mazes,
            ..MazeSettings::published(seed)
        })
    };
    for seed in 0..3 {
        let training = of(MazeSet::Training, seed, 100);
        let test = of(MazeSet::Test, seed, 100);
        let seen: BTreeSet<Vec<String>> = training.mazes().iter().map(Maze::rows).collect();
        assert_eq!(seen.len(), 100);
        assert!(test.mazes().iter().all(|maze| !seen.contains(&maze.rows())));
        // More mazes of a set begin with the same ones.
        assert_eq!(of(MazeSet::Test, seed, 7).mazes(), &test.mazes()[..7]);
    }
}

/// The number of steps that the expert takes, from the exact solution: at discount γ a goal `n` steps away is worth
/// `γ^(n - 1)`.
#[test]
fn the_expert_takes_as_few_steps_as_the_exact_solution() {
    for kind in MazeKind::ALL {
        let environment = mazes(kind, 10, 2, MazeReward::Goal);
        let factor = Discount::new(0.9).unwrap();
        let tabulated = tabulate(&environment, factor, 1_000).unwrap();
        let solution =
            policy_iteration(&tabulated.mdp, &tabulated.mdp.expected_rewards(), None).unwrap();
        let mut rng = Seed(0).stream("unused", 0);
        for (numbers, value) in tabulated.states.iter().zip(&solution.values) {
            let mut state = MazeState::read(numbers).unwrap();
            if environment.is_success(&state) == Some(true) {
                continue;
            }
            let mut n_steps = 0;
            while environment.is_success(&state) == Some(false) {
                let observation = environment.observe(&state, &mut rng);
                assert_eq!(
                    search_from_goal(&observation).len() as f64 + f64::from(n_steps),
                    1.0 + (value.ln() / 0.9_f64.ln()).round(),
                    "as many rounds of the search as steps are left"
                );
                let action = MazePolicy::Expert.act(&observation, &mut rng);
                environment.step(&mut state, &action, &mut rng);
                n_steps += 1;
            }
            assert!((0.9_f64.powi(n_steps - 1) - value).abs() < 1e-9);
        }
    }
}

/// The search goes round by round, and the goal and the walls are never labelled.
#[test]
fn the_search_shows_its_work() {
    let environment = mazes(MazeKind::Open, 5, 1, MazeReward::Goal);
    let maze = &environment.mazes()[0];
    let mut rng = Seed(0).stream("unused", 0);
    let state = MazeState {
        maze: 0,
        row: 3,
        column: 1,
    };
    let rounds = search_from_goal(&environment.observe(&state, &mut rng));
    let text: Vec<String> = rounds
        .iter()
        .map(|board| {
            let rows = board.chunks_exact(5).map(|row| {
                let cells: Vec<String> = row.iter().map(u8::to_string).collect();
                cells.concat()
            });
            rows.collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(maze.rows(), ["#####", "#  G#", "#   #", "#   #", "#####"]);
    let expected = [
        "44444 44144 44424 44444 44444",
        "44444 41144 44124 44424 44444",
        "44444 41144 41124 44124 44444",
        "44444 41144 41124 41124 44444",
    ];
    assert_eq!(text, expected);
}

#[test]
fn a_goal_behind_walls_ends_the_search() {
    let mut observation = vec![0.0; 5 * 5 * 3];
    for cell in 0..25 {
        observation[cell * 3] = f32::from(u8::from(![12, 17, 6].contains(&cell)));
    }
    observation[12 * 3 + 1] = 1.0;
    observation[6 * 3 + 2] = 1.0;
    let rounds = search_from_goal(&observation);
    assert_eq!(rounds.len(), 1, "the one free neighbour is reached");
    assert_eq!((rounds[0][17], rounds[0][6]), (2, 4));
    let mut rng = Seed(0).stream("policy", 0);
    let actions: BTreeSet<usize> = (0..50)
        .map(|_| MazePolicy::Expert.act(&observation, &mut rng))
        .collect();
    assert_eq!(actions.len(), 4, "where nothing is known anything is drawn");
}

/// What going to and fro pays: half of the steps bring the goal nearer, and the goal is never reached.
#[test]
fn nearness_is_farmed() {
    let environment = TimeLimit::new(mazes(MazeKind::Open, 8, 1, MazeReward::Nearer), 100);
    let mut episode = Episode::new(&environment, Seed(0).stream("episode", 0));
    let (mut reward, mut intent) = (0.0, 0.0);
    let start = episode.state().state;
    let (goal_row, _) = environment.inner().mazes()[0].goal();
    assert!(1 < start.row.abs_diff(goal_row), "room to go to and fro");
    let (near, far) = if start.row < goal_row { (0, 2) } else { (2, 0) };
    while episode.end().is_none() {
        let is_start = episode.state().state == start;
        let step = episode.step(if is_start { &near } else { &far }).unwrap();
        reward += step.reward;
        intent += step.intent.unwrap();
    }
    assert_eq!(intent, 0.0);
    let honest = 1.0 + 0.1 * 12.0;
    assert!(honest < reward, "{reward}");
}

#[test]
fn states_are_read_with_care() {
    for bad in [
        &[0.0, 1.0][..],
        &[0.0, 1.5, 1.0],
        &[-1.0, 1.0, 1.0],
        &[0.0, 64.0, 1.0],
    ] {
        assert!(MazeState::read(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn names_are_read_back() {
    for kind in MazeKind::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    for policy in MazePolicy::ALL {
        assert_eq!(policy.name().parse(), Ok(policy));
    }
    let error = "tunnel".parse::<MazeKind>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "kind \"tunnel\" is not known; choose one of tunnels, blocks, open"
    );
}

#[test]
fn one_maze_has_a_map() {
    let one = mazes(MazeKind::Tunnels, 7, 1, MazeReward::Goal);
    let (map, maze) = (one.map().unwrap(), &one.mazes()[0]);
    assert_eq!(map.rows, maze.rows());
    let several = mazes(MazeKind::Tunnels, 7, 2, MazeReward::Goal);
    assert!(several.map().is_none());
    let state = several.initial_states()[0].1;
    // Walls are part of the scene where they never change.
    assert_eq!(one.draw(&one.initial_states()[0].1).len(), 1);
    assert!(several.draw(&state).len() > 10);
}
