//! Probabilities sum to one, moves leave the posterior alone, and goals are found.

use envs::{BlockWords, CourierTaxi, DoorsKeysGems, GoalProblem};
use mdp::{Seed, index};

use super::agent::Planner;
use super::filter::next_plan;
use super::search::{Choice, Question, Search};
use super::space::Space;
use super::{
    ExactGoals, GoalError, GoalFilter, GoalFilterConfig, NegativeBinomial, PlanningAgent,
    Rationality, RealTimeExpert, TraceEnd, optimal_trace,
};

fn corridor() -> DoorsKeysGems {
    DoorsKeysGems::new(&["1.s.2", "..#.."]).unwrap()
}

fn even(problem: &impl GoalProblem) -> Vec<f64> {
    vec![1.0; problem.n_goals()]
}

#[test]
fn negative_binomials_are_what_is_drawn() {
    for (r, q) in [(2.0, 0.95), (1.0, 0.5), (3.5, 0.2), (2.0, 0.0)] {
        let law = NegativeBinomial { r, q };
        let probabilities: Vec<f64> = (0..2_000).map(|n| law.log_prob(n).exp()).collect();
        let sum: f64 = probabilities.iter().sum();
        assert!((sum - 1.0).abs() < 1e-9, "{law:?}: {sum}");
        let mean = probabilities
            .iter()
            .zip(0_u32..)
            .map(|(p, n)| p * f64::from(n))
            .sum::<f64>();
        assert!((mean - law.mean()).abs() < 1e-6, "{law:?}: {mean}");
        let mut rng = Seed(0).stream("draws", 0);
        let n_draws = 4_000;
        let few = (0..n_draws)
            .filter(|_| f64::from(law.draw(&mut rng)) <= mean)
            .count();
        let expected: f64 = probabilities[..=mean as usize].iter().sum();
        let apart = few as f64 / f64::from(n_draws) - expected;
        assert!(apart.abs() < 0.03, "{law:?}: {apart}");
    }
}

/// Every history that a search can have, by its probabilities under model and proposal; `led` and not led.
fn histories(problem: &DoorsKeysGems, led: Question<'_>) -> Vec<(f64, f64)> {
    let (mut space, mut search) = (Space::new(problem), Search::default());
    let start = space.number(problem.start());
    space.successors(start);
    let mut rng = Seed(0).stream("search", 0);
    let mut found: Vec<Vec<u32>> = vec![];
    for question in [led, Question { seen: &[], ..led }] {
        for _ in 0..2_000 {
            let drawn = search.run(&mut space, question, Choice::Draw(&mut rng));
            let repeated = search.run(&mut space, question, Choice::Repeat(&drawn.nodes));
            assert_eq!(drawn, repeated);
            if !found.contains(&drawn.nodes) {
                found.push(drawn.nodes);
            }
        }
    }
    let each = found.iter().map(|nodes| {
        let found = search.run(&mut space, led, Choice::Repeat(nodes));
        (found.log_model.exp(), found.log_proposal.exp())
    });
    each.collect()
}

#[test]
fn the_histories_of_a_search_have_probability_one() {
    let problem = corridor();
    let mut space = Space::new(&problem);
    let start = space.number(problem.start());
    let next: Vec<u32> = space
        .successors(start)
        .map(|place| space.edge(place))
        .collect();
    for seen in [
        vec![],
        vec![start, next[0]],
        vec![start, next[1]],
        vec![start],
    ] {
        for budget in [1, 3, 4] {
            let question = Question {
                start,
                goal: 0,
                budget,
                noise: 3.0,
                seen: &seen,
            };
            let found = histories(&problem, question);
            let model: f64 = found.iter().map(|(model, _)| model).sum();
            let proposal: f64 = found.iter().map(|(_, proposal)| proposal).sum();
            assert!((model - 1.0).abs() < 1e-3, "{budget}, {seen:?}: {model}");
            assert!(
                (proposal - 1.0).abs() < 1e-3,
                "{budget}, {seen:?}: {proposal}"
            );
            let differs = found
                .iter()
                .any(|(model, proposal)| (model - proposal).abs() > 0.01);
            assert_eq!(differs, budget > 1 && seen.len() > 1, "{budget}, {seen:?}");
        }
    }
}

#[test]
fn weights_that_grow_too_small_are_taken_anew() {
    // Every step away from the start costs 20,000 nats: no frontier has a weight beside the first.
    let problem = CourierTaxi::new("red").unwrap();
    let agent = PlanningAgent {
        budget: NegativeBinomial { r: 50.0, q: 0.9 },
        search_noise: 1e-4,
    };
    let mut planner = Planner::new(&problem, agent);
    let start = planner.space.number(problem.start());
    let (plan, log_proposal) = planner.draw(1, (0, start), &[], &mut Seed(0).stream("plan", 0));
    assert!(plan.log_model.is_finite());
    assert_eq!(plan.log_model, log_proposal);
    assert_eq!(planner.log_proposal(1, &plan, &[]), log_proposal);
}

/// The states of a walk by random successors.
fn walk<P: GoalProblem>(problem: &P, n_steps: usize, seed: u64) -> Vec<P::State> {
    let mut rng = Seed(seed).stream("walk", 0);
    let mut states = vec![problem.start()];
    for _ in 0..n_steps {
        let mut successors = vec![];
        problem.successors(&states[states.len() - 1], &mut successors);
        states.push(successors[index(successors.len(), &mut rng)].1);
    }
    states
}

/// An agent whose plans are short and noisy, so that much is possible.
const NOISY: PlanningAgent = PlanningAgent {
    budget: NegativeBinomial { r: 2.0, q: 0.7 },
    search_noise: 3.0,
};

/// The first states of an agent that pursues a goal as the model says.
fn drawn<P: GoalProblem>(problem: &P, goal: usize, n_steps: usize, seed: u64) -> Vec<P::State> {
    let mut planner = Planner::new(problem, NOISY);
    let mut rng = Seed(seed).stream("agent", 0);
    let start = planner.space.number(problem.start());
    let (mut plans, mut states) = (vec![], vec![]);
    for time in 0..=n_steps {
        while let Some(from) = next_plan(&plans, (0, start), time) {
            plans.push(planner.draw(goal, from, &[], &mut rng).0);
        }
        states.push(*planner.space.state(plans[plans.len() - 1].state_at(time)));
    }
    states
}

/// Without resampling a filter is importance sampling from the prior, which is right without either.
#[test]
fn resampling_and_moves_leave_the_posterior_alone() {
    let problem = corridor();
    let simple = GoalFilterConfig {
        agent: NOISY,
        particles_per_goal: 20_000,
        resample_below: 0.0,
        ..GoalFilterConfig::PUBLISHED
    };
    let moved = GoalFilterConfig {
        particles_per_goal: 4_000,
        resample_below: 1.0,
        ..simple
    };
    for seed in 0..4 {
        let states = drawn(&problem, (seed % 2) as usize, 3, seed);
        let mut filters = [simple, moved]
            .map(|config| GoalFilter::new(&problem, &[0.3, 0.7], config, Seed(seed)).unwrap());
        for state in &states {
            let [simple, moved] = filters.each_mut().map(|filter| filter.observe(state)[0]);
            assert!(
                (simple - moved).abs() < 0.04,
                "seed {seed}: {simple}, {moved}"
            );
        }
        assert_eq!(filters[0].n_resamplings(), 0);
        assert!(filters[1].n_resamplings() >= 2 && filters[1].n_accepted_moves() > 300);
    }
}

/// Particles drawn from the posterior are still drawn from it after many moves.
#[test]
fn many_moves_leave_the_posterior_alone() {
    let problem = corridor();
    let config = GoalFilterConfig {
        agent: NOISY,
        particles_per_goal: 6_000,
        resample_below: 0.0,
        resample_power: 1.0,
        n_moves: 8,
        ..GoalFilterConfig::PUBLISHED
    };
    let mut filter = GoalFilter::new(&problem, &[0.5, 0.5], config, Seed(0)).unwrap();
    for state in drawn(&problem, 0, 4, 0) {
        filter.observe(&state);
    }
    filter.resample();
    let statistics = |filter: &GoalFilter<'_, DoorsKeysGems>| {
        let n = filter.particles.len() as f64;
        let plans: usize = filter
            .particles
            .iter()
            .map(|particle| particle.plans.len())
            .sum();
        let last: usize = filter
            .particles
            .iter()
            .map(|particle| usize::from(particle.state_at(4) == filter.seen[4]))
            .sum();
        [filter.posterior()[0], plans as f64 / n, last as f64 / n]
    };
    let before = statistics(&filter);
    filter.move_particles();
    let after = statistics(&filter);
    for ((before, after), tolerance) in before.iter().zip(after).zip([0.04, 0.12, 0.04]) {
        assert!((before - after).abs() < tolerance, "{before}, {after}");
    }
}

#[test]
fn the_goal_of_an_optimal_expert_is_found() {
    let problem = DoorsKeysGems::published("3").unwrap();
    let exact = ExactGoals::new(&problem, 10_000).unwrap();
    for goal in 0..3 {
        let trace = optimal_trace(&exact, goal, Seed(0)).unwrap();
        assert_eq!(trace.end, TraceEnd::Reached);
        let left = exact.steps_left(&problem.start(), goal).unwrap();
        assert_eq!(trace.states.len() - 1, usize::from(left));
        let config = GoalFilterConfig::THOROUGH;
        let mut filter = GoalFilter::new(&problem, &even(&problem), config, Seed(0)).unwrap();
        let mut posterior = exact
            .posterior(&even(&problem), Rationality::STEPS)
            .unwrap();
        let (mut by_filter, mut by_rule) = (vec![], vec![]);
        for state in &trace.states {
            by_filter = filter.observe(state);
            by_rule = posterior.observe(state).unwrap();
            assert!((by_filter.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
        assert!(by_filter[goal] > 0.8, "{by_filter:?}");
        assert!(by_rule[goal] > 0.9, "{by_rule:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let problem = BlockWords::published("0").unwrap();
    let states = walk(&problem, 6, 0);
    let run = |seed| {
        let config = GoalFilterConfig::PUBLISHED;
        let mut filter = GoalFilter::new(&problem, &even(&problem), config, Seed(seed)).unwrap();
        let each = states.iter().map(|state| filter.observe(state));
        each.collect::<Vec<Vec<f64>>>()
    };
    assert_eq!(run(0), run(0));
    assert_ne!(run(0), run(1));
}

/// Two steps are possible at the start, and one of them is seen.
#[test]
fn exact_inference_is_bayes_rule() {
    let problem = DoorsKeysGems::new(&["1s.2"]).unwrap();
    let exact = ExactGoals::new(&problem, 100).unwrap();
    let left = walk(&problem, 0, 0)[0];
    let mut successors = vec![];
    problem.successors(&left, &mut successors);
    let right = successors
        .iter()
        .find(|(action, _)| *action == 2)
        .unwrap()
        .1;
    let softmax = |right: f64, left: f64| right.exp() / (right.exp() + left.exp());
    let cases = [
        // Steps left after going right and left: 3 and 1 for gem 1, 2 and 4 for gem 2.
        (Rationality::STEPS, softmax(-3.0, -1.0), softmax(-2.0, -4.0)),
        (
            Rationality::PUBLISHED,
            softmax(0.9_f64.powi(3), 0.9),
            softmax(0.9_f64.powi(2), 0.9_f64.powi(4)),
        ),
    ];
    for (rationality, first, second) in cases {
        let mut posterior = exact.posterior(&[0.25, 0.75], rationality).unwrap();
        let before = posterior.observe(&left).unwrap();
        assert!((before[0] - 0.25).abs() < 1e-12);
        let seen = posterior.observe(&right).unwrap();
        let expected = 0.25 * first / (0.25 * first + 0.75 * second);
        assert!((seen[0] - expected).abs() < 1e-12, "{seen:?}, {expected}");
    }
}

#[test]
fn real_time_experts_arrive_or_say_why_not() {
    let expert = RealTimeExpert {
        budget: NegativeBinomial { r: 2.0, q: 0.8 },
        misjudgement: 0.3,
    };
    for name in CourierTaxi::PROBLEMS {
        let problem = CourierTaxi::new(name).unwrap();
        for goal in 0..3 {
            let trace = expert.trace(&problem, goal, 400, Seed(goal as u64));
            assert_eq!(trace.end, TraceEnd::Reached, "{name}, {goal}");
            let mut successors = vec![];
            for pair in trace.states.windows(2) {
                successors.clear();
                problem.successors(&pair[0], &mut successors);
                assert!(successors.iter().any(|(_, next)| *next == pair[1]));
            }
        }
    }
    // One key, two doors; the nearer door has nothing behind it that helps.
    let trap = DoorsKeysGems::new(&["ksD.D1"]).unwrap();
    let trace = expert.trace(&trap, 0, 400, Seed(0));
    assert_eq!(trace.end, TraceEnd::Stuck);
    let long = RealTimeExpert {
        budget: NegativeBinomial { r: 1.0, q: 0.5 },
        misjudgement: 0.0,
    };
    let cut = long.trace(&CourierTaxi::new("red").unwrap(), 0, 3, Seed(0));
    assert_eq!((cut.end, cut.states.len()), (TraceEnd::Unfinished, 4));
}

#[test]
fn what_cannot_be_answered_says_why() {
    let problem = CourierTaxi::new("red").unwrap();
    for prior in [
        vec![1.0],
        vec![0.0; 3],
        vec![1.0, -1.0, 1.0],
        vec![f64::NAN; 3],
    ] {
        let config = GoalFilterConfig::PUBLISHED;
        let error = GoalFilter::new(&problem, &prior, config, Seed(0)).unwrap_err();
        assert!(
            error.to_string().contains("is none over 3 goals"),
            "{error}"
        );
    }
    assert_eq!(
        ExactGoals::new(&problem, 100).unwrap_err(),
        GoalError::TooManyStates { most: 100 }
    );
    let exact = ExactGoals::new(&problem, 1_000).unwrap();
    assert_eq!(exact.n_states(), 125);
    let mut posterior = exact
        .posterior(&even(&problem), Rationality::STEPS)
        .unwrap();
    posterior.observe(&problem.start()).unwrap();
    let error = posterior.observe(&problem.start()).unwrap_err().to_string();
    assert!(
        error.contains("observation 1: no action leads from taxi at row 1, column 1"),
        "{error}"
    );
}
