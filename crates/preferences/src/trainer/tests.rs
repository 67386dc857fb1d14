//! The loop: it learns, it stops and goes on to the same bits, and it waits for people.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use envs::CartPole;
use feedback::{
    AnnotatorConfig, Annotators, Answered, Oracle, Preference, Question, SimulatedAnnotators,
};
use mdp::Seed;
use nn::Pool;
use rl::{Error, Learner as _, PreferenceReport, TrainEvent, VectorEnvironment, Vectorized, ppo};

use super::Trainer;
use crate::{Config, QueryChoice};

fn cartpole(n: usize, seed: Seed) -> Box<dyn VectorEnvironment> {
    let environment = CartPole.with_time_limit();
    Box::new(Vectorized::new(Arc::new(environment), n, seed))
}

fn oracle(seed: Seed) -> Box<dyn Annotators> {
    let annotators = SimulatedAnnotators::one(Arc::new(Oracle), AnnotatorConfig::default(), seed);
    Box::new(annotators.unwrap())
}

/// Few questions, small networks.
fn small() -> Config {
    let mut config = Config::preset("default").unwrap();
    config.n_comparisons = 60;
    config.n_query_rounds = 4;
    config.initial_steps = 1024;
    config.recent_steps = 1024;
    config.initial_epochs = 20;
    config.max_open_questions = Some(4);
    config.ensemble.hidden = vec![16];
    config
}

fn optimizer(steps: u64) -> ppo::Config {
    let mut config = ppo::Config::preset("rl-zoo-cartpole").unwrap();
    config.steps = steps;
    config
}

fn trainer_with(config: Config, steps: u64, annotators: Box<dyn Annotators>) -> Trainer {
    let optimizer = optimizer(steps);
    let environment = cartpole(optimizer.n_environments, Seed(3));
    let pool = Arc::new(Pool::new(1));
    Trainer::new(config, optimizer, annotators, environment, Seed(3), pool).unwrap()
}

fn trainer(steps: u64) -> Trainer {
    trainer_with(small(), steps, oracle(Seed(3)))
}

/// The reports of all rounds up to a number of steps.
fn reports(trainer: &mut Trainer, n_steps: u64) -> Vec<PreferenceReport> {
    let mut reports = vec![];
    let observe = &mut |event: &TrainEvent| {
        let TrainEvent::Iteration(iteration) = event;
        reports.push(iteration.preferences.clone().expect("a report"));
    };
    rl::train_to(trainer, n_steps, observe).unwrap();
    reports
}

#[test]
fn all_questions_are_asked_and_answered() {
    let mut trainer = trainer(8192);
    let reports = reports(&mut trainer, 8192);
    let last = reports.last().unwrap();
    assert_eq!((last.n_asked, last.n_answered), (60, 60));
    assert_eq!(last.n_learned_from, 60);
    assert!(last.validation_accuracy.unwrap() > 0.6, "{last:?}");
    assert!(last.disagreement.unwrap() > 0.0);
    // The untrained policy's rounds come before anything is known.
    assert_eq!(reports[0].n_asked, 0);
    assert!(reports[0].loss.is_none());
}

#[test]
fn it_learns_to_balance_from_comparisons() {
    let mut trainer = trainer(25_000);
    let mut lengths = vec![];
    let observe = &mut |event: &TrainEvent| {
        let TrainEvent::Iteration(iteration) = event;
        lengths.extend(iteration.episode_length);
    };
    rl::train_to(&mut trainer, 25_000, observe).unwrap();
    let last = &lengths[lengths.len() - 10..];
    let mean = last.iter().sum::<f64>() / last.len() as f64;
    assert!(
        lengths[0] < 40.0,
        "untrained episodes of {} steps",
        lengths[0]
    );
    assert!(mean > 100.0, "episodes of {mean} steps");
}

#[test]
fn what_is_paid_is_what_the_file_pays() {
    let mut trainer = trainer(4096);
    reports(&mut trainer, 4096);
    let (rewards, _) = trainer.rewards();
    let round = trainer.optimizer.round();
    let transitions = rl::Transitions {
        observations: round.observations,
        actions: round.actions,
        next_observations: round.next_observations,
        terminated: round.terminated,
        states: &[],
    };
    let file = trainer.learned_reward().unwrap().to_bytes();
    let read = rl::LearnedReward::from_bytes(&file).unwrap();
    let mut paid = vec![0.0; rewards.len()];
    let pool = Pool::new(1);
    read.rewards(
        &transitions,
        &mut paid,
        &mut rl::RewardScratch::default(),
        &pool,
    );
    for (paid, reward) in paid.iter().zip(&rewards) {
        assert!(
            (paid - f64::from(*reward)).abs() < 1e-4,
            "{paid} and {reward}"
        );
    }
}

#[test]
fn it_goes_on_to_the_same_bits() {
    // Before the initial questions, in the midst of them, at the end.
    for stop in [512, 2048, 5000] {
        let mut whole = trainer(6144);
        reports(&mut whole, 6144);
        let mut first = trainer(6144);
        reports(&mut first, stop);
        let mut second = trainer(6144);
        second.restore(&first.save()).unwrap();
        reports(&mut second, 6144);
        assert_eq!(untimed(&whole), untimed(&second), "stopped at {stop}");
    }
}

/// Everything that is saved, but for the seconds that it took.
fn untimed(trainer: &Trainer) -> rl::Arrays {
    let mut arrays = rl::Arrays::from_bytes(&trainer.save()).unwrap();
    arrays.take_f64("seconds").unwrap();
    let optimizer = arrays.take_bytes("optimizer").unwrap();
    let mut optimizer = rl::Arrays::from_bytes(&optimizer).unwrap();
    optimizer.take_f64("profile").unwrap();
    arrays.put_bytes("optimizer", &optimizer.to_bytes());
    arrays
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let bits = |n_threads| {
        let optimizer = optimizer(4096);
        let environment = cartpole(optimizer.n_environments, Seed(1));
        let pool = Arc::new(Pool::new(n_threads));
        let annotators = oracle(Seed(1));
        let mut trainer =
            Trainer::new(small(), optimizer, annotators, environment, Seed(1), pool).unwrap();
        reports(&mut trainer, 4096);
        untimed(&trainer)
    };
    assert_eq!(bits(1), bits(2));
}

#[test]
fn a_saved_state_of_others_is_refused() {
    let saved = trainer(4096).save();
    let mut config = small();
    config.ensemble.n_members = 2;
    let mut other = trainer_with(config, 4096, oracle(Seed(3)));
    assert!(matches!(other.restore(&saved), Err(Error::Saved(_))));
}

/// People: they answer as they are told to.
#[derive(Clone, Default)]
struct People {
    asked: Arc<Mutex<VecDeque<Question>>>,
    said: Arc<Mutex<Vec<Answered>>>,
}

impl People {
    /// Answers the `n` oldest questions.
    fn answer(&self, n: usize) {
        let mut asked = self.asked.lock().unwrap();
        for _ in 0..n {
            let question = asked.pop_front().expect("a question");
            let longer = question.first.n_steps().cmp(&question.second.n_steps());
            let preference = match longer {
                std::cmp::Ordering::Greater => Preference::First,
                std::cmp::Ordering::Less => Preference::Second,
                std::cmp::Ordering::Equal => Preference::Equal,
            };
            self.said.lock().unwrap().push(Answered {
                question: question.number,
                preference,
            });
        }
    }

    fn n_open(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Annotators for People {
    fn ask(&mut self, questions: Vec<Question>) -> Result<(), feedback::Error> {
        self.asked.lock().unwrap().extend(questions);
        Ok(())
    }

    fn answers(&mut self) -> Result<Vec<Answered>, feedback::Error> {
        Ok(std::mem::take(&mut self.said.lock().unwrap()))
    }

    fn is_immediate(&self) -> bool {
        false
    }

    fn save(&self) -> Vec<u8> {
        vec![]
    }

    fn restore(&mut self, _: &[u8]) -> Result<(), feedback::Error> {
        Ok(())
    }
}

#[test]
fn it_waits_for_people_only_as_long_as_it_must() {
    let people = People::default();
    let mut config = small();
    config.min_answers = 10;
    let mut trainer = trainer_with(config, 8192, Box::new(people.clone()));
    let iterate = |trainer: &mut Trainer| {
        let before = trainer.n_steps();
        trainer.iterate(&mut |_: &TrainEvent| {}).unwrap();
        trainer.n_steps() - before
    };
    while trainer.poll().unwrap().is_none() {
        iterate(&mut trainer);
    }
    assert_eq!(people.n_open(), 15, "the initial questions");
    let waiting = trainer.poll().unwrap().expect("nothing was answered yet");
    assert_eq!((waiting.n_answered, waiting.n_needed), (0, 10));
    assert_eq!(iterate(&mut trainer), 0, "nothing is done while it waits");
    people.answer(9);
    assert_eq!(trainer.poll().unwrap().unwrap().n_answered, 9);
    people.answer(1);
    assert_eq!(trainer.poll().unwrap(), None);
    // It goes on with what was answered, asks ahead, and waits when too much is open.
    let mut n_learned = 0;
    while trainer.poll().unwrap().is_none() {
        n_learned += iterate(&mut trainer);
    }
    assert!(n_learned > 0);
    let waiting = trainer.poll().unwrap().unwrap();
    assert_eq!(waiting.n_answered, 10);
    assert_eq!(waiting.n_needed, trainer.progress.n_asked - 4);
    people.answer(waiting.n_needed - waiting.n_answered);
    assert_eq!(trainer.poll().unwrap(), None);
    assert!(iterate(&mut trainer) > 0);
}

#[test]
fn what_cannot_be_told_teaches_nothing() {
    #[derive(Default)]
    struct Undecided(Vec<Answered>);
    impl Annotators for Undecided {
        fn ask(&mut self, questions: Vec<Question>) -> Result<(), feedback::Error> {
            self.0.extend(questions.iter().map(|question| Answered {
                question: question.number,
                preference: Preference::CannotTell,
            }));
            Ok(())
        }
        fn answers(&mut self) -> Result<Vec<Answered>, feedback::Error> {
            Ok(std::mem::take(&mut self.0))
        }
        fn is_immediate(&self) -> bool {
            true
        }
        fn save(&self) -> Vec<u8> {
            vec![]
        }
        fn restore(&mut self, _: &[u8]) -> Result<(), feedback::Error> {
            Ok(())
        }
    }
    let mut trainer = trainer_with(small(), 4096, Box::new(Undecided::default()));
    let reports = reports(&mut trainer, 4096);
    let last = reports.last().unwrap();
    assert_eq!(last.n_answered, last.n_asked);
    assert_eq!((last.n_learned_from, last.loss), (0, None));
    assert_eq!(last.reward_mean, 0.0);
}

#[test]
fn impossible_settings_are_refused() {
    let refused = |change: fn(&mut Config)| {
        let mut config = small();
        change(&mut config);
        let optimizer = optimizer(4096);
        let environment = cartpole(optimizer.n_environments, Seed(0));
        let pool = Arc::new(Pool::new(1));
        let annotators = oracle(Seed(0));
        Trainer::new(config, optimizer, annotators, environment, Seed(0), pool).is_err()
    };
    assert!(refused(|config| config.segment_steps = 0));
    assert!(refused(|config| config.n_comparisons = 0));
    assert!(refused(|config| config.initial_share = 1.5));
    assert!(refused(|config| config.deviations = f64::NAN));
    assert!(refused(|config| config.recent_steps = 30));
    assert!(refused(|config| config.ensemble.n_members = 0));
    assert!(refused(|config| config.ensemble.loss.noise_floor = 1.0));
    assert!(!refused(|config| config.query_choice = QueryChoice::Random));
}
