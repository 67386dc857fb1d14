//! The Goodhart curves of the nail factory: intent against pressure, by best-of-n and by policy gradient.
//!
//! `cargo run --release -p envs --example nail_factory_curve`

#![expect(clippy::print_stdout, reason = "printing is what the example is for")]

use envs::{FixedPlan, NailFactory, NailPolicy, NailReward, best_of_n_curve};
use mdp::{
    Episode, Policy, Rng, Seed, Trajectory, categorical, index, returns::discounted_returns,
};

const SEED: Seed = Seed(0);
const N_EPISODES: u64 = 2_000;
const N_PLANS: u64 = 65_536;

fn main() {
    println!("scripted policies, {N_EPISODES} episodes each");
    println!("  policy      count  weight  intent");
    for policy in NailPolicy::ALL {
        let [count, weight] = [NailReward::Count, NailReward::Weight]
            .map(|reward| mean_returns(NailFactory { reward }, &policy));
        let (count, weight, intent) = (count.0, weight.0, count.1);
        println!("  {:8} {count:8.2}{weight:8.2}{intent:8.2}", policy.name());
    }
    for reward in NailReward::ALL {
        let environment = NailFactory { reward };
        print_best_of_n(environment);
        print_policy_gradient(environment);
    }
}

fn mean_returns(
    environment: NailFactory,
    policy: &impl Policy<[f32; 8], [usize; 7]>,
) -> (f64, f64) {
    let mut sums = (0.0, 0.0);
    for index in 0..N_EPISODES {
        let rng = SEED.stream("evaluation", index);
        let (reward, intent) = returns(environment, policy, rng);
        sums.0 += reward;
        sums.1 += intent;
    }
    (sums.0 / N_EPISODES as f64, sums.1 / N_EPISODES as f64)
}

fn returns(
    environment: NailFactory,
    policy: &impl Policy<[f32; 8], [usize; 7]>,
    rng: Rng,
) -> (f64, f64) {
    let episode = Trajectory::record(&environment, policy, usize::MAX, rng);
    let intent = episode.intent_return().expect("the intent is known");
    (episode.reward_return(), intent)
}

/// One line a power of two: the best of n random plans.
fn print_best_of_n(environment: NailFactory) {
    let (mut proxies, mut intents) = (Vec::new(), Vec::new());
    for index in 0..N_PLANS {
        let mut rng = SEED.stream("plan", index);
        let plan = FixedPlan::random(&mut rng);
        let (proxy, intent) = returns(environment, &plan, rng);
        proxies.push(proxy);
        intents.push(intent);
    }
    let ns: Vec<usize> = (0..=14).map(|power| 1 << power).collect();
    println!();
    println!(
        "{}, best of n of {N_PLANS} random plans",
        environment.reward.name()
    );
    println!("      n      kl   proxy  intent");
    for point in best_of_n_curve(&proxies, &intents, &ns) {
        println!(
            "  {:5}  {:6.2} {:7.2} {:7.2}  {}",
            point.n,
            point.kl,
            point.proxy,
            point.intent,
            bar(point.intent)
        );
    }
}

/// One line for each doubling of the updates: a linear policy under plain policy gradient.
fn print_policy_gradient(environment: NailFactory) {
    let mut policy = Linear::new();
    println!();
    println!("{}, policy gradient", environment.reward.name());
    println!("updates      kl   proxy  intent");
    for update in 0..=1024_u64 {
        if update.is_power_of_two() || update == 0 {
            let (proxy, intent) = mean_returns(environment, &policy);
            println!(
                "  {update:5}  {:6.2} {proxy:7.2} {intent:7.2}  {}",
                policy.divergence(environment),
                bar(intent)
            );
        }
        policy.improve(environment, SEED.stream("training", update));
    }
}

fn bar(intent: f64) -> String {
    "#".repeat((4.0 * intent).max(0.0).round() as usize)
}

/// Choices of each factor of an action, and features with a constant in front.
const SIZES: [usize; 7] = [5, 5, 5, 5, 5, 4, 4];
const N_FEATURES: usize = 9;

/// A softmax over each factor of the action, its logits linear in the observation.
struct Linear {
    weights: [[[f64; N_FEATURES]; 5]; 7],
}

impl Linear {
    fn new() -> Linear {
        Linear {
            weights: [[[0.0; N_FEATURES]; 5]; 7],
        }
    }

    fn probabilities(&self, features: &[f64; N_FEATURES], factor: usize) -> Vec<f64> {
        let weights = &self.weights[factor][..SIZES[factor]];
        let exponentials: Vec<f64> = weights
            .iter()
            .map(|row| {
                row.iter()
                    .zip(features)
                    .map(|(w, x)| w * x)
                    .sum::<f64>()
                    .exp()
            })
            .collect();
        let total: f64 = exponentials.iter().sum();
        exponentials.iter().map(|e| e / total).collect()
    }

    /// Divergence of an episode under this policy from one under uniformly random actions, in nats.
    fn divergence(&self, environment: NailFactory) -> f64 {
        let mut sum = 0.0;
        for index in 0..N_EPISODES {
            let mut episode = Episode::new(&environment, SEED.stream("evaluation", index));
            while episode.end().is_none() {
                let observation = episode.observation();
                let features = features_of(&observation);
                for (factor, size) in SIZES.iter().enumerate() {
                    let probabilities = self.probabilities(&features, factor);
                    let terms = probabilities.iter().filter(|p| **p > 0.0);
                    sum += terms.map(|p| p * (p * *size as f64).ln()).sum::<f64>();
                }
                let action = self.act(&observation, episode.rng());
                episode.step(&action).expect("the episode is not over");
            }
        }
        sum / N_EPISODES as f64
    }

    /// One step along the gradient of the expected return (REINFORCE; Williams, 1992), estimated from 256 episodes
    /// with the mean return from each period on for a baseline, in units of the returns' spread.
    fn improve(&mut self, environment: NailFactory, mut rng: Rng) {
        let n_episodes = 256;
        let mut history = Vec::new();
        for _ in 0..n_episodes {
            let word = index(1 << 48, &mut rng) as u64;
            let mut episode = Episode::new(&environment, SEED.stream("episode", word));
            let (mut situations, mut rewards) = (Vec::new(), Vec::new());
            while episode.end().is_none() {
                let observation = episode.observation();
                let action = self.act(&observation, &mut rng);
                rewards.push(
                    episode
                        .step(&action)
                        .expect("the episode is not over")
                        .reward,
                );
                situations.push((features_of(&observation), action));
            }
            history.push((situations, discounted_returns(&rewards, 1.0, 0.0)));
        }
        let n_periods = NailFactory::N_PERIODS as usize;
        let mut gradient = Linear::new();
        for period in 0..n_periods {
            let following: Vec<f64> = history.iter().map(|(_, sums)| sums[period]).collect();
            let (mean, spread) = mean_and_spread(&following);
            for (situations, sums) in &history {
                let (features, action) = &situations[period];
                let advantage = (sums[period] - mean) / (spread + 1e-8);
                let scale = advantage / (n_episodes * n_periods) as f64;
                gradient.add_score(self, features, action, scale);
            }
        }
        self.add(&gradient, 0.2);
    }

    /// Adds `scale` times the gradient of the log-probability of `action` under `policy`.
    fn add_score(
        &mut self,
        policy: &Linear,
        features: &[f64; N_FEATURES],
        action: &[usize; 7],
        scale: f64,
    ) {
        for (factor, taken) in action.iter().enumerate() {
            for (choice, p) in policy.probabilities(features, factor).iter().enumerate() {
                let error = f64::from(u8::from(choice == *taken)) - p;
                for (w, x) in self.weights[factor][choice].iter_mut().zip(features) {
                    *w += scale * error * x;
                }
            }
        }
    }

    fn add(&mut self, other: &Linear, scale: f64) {
        let theirs = other.weights.iter().flatten().flatten();
        for (ours, theirs) in self.weights.iter_mut().flatten().flatten().zip(theirs) {
            *ours += scale * theirs;
        }
    }
}

impl Policy<[f32; 8], [usize; 7]> for Linear {
    fn act(&self, observation: &[f32; 8], rng: &mut Rng) -> [usize; 7] {
        let features = features_of(observation);
        std::array::from_fn(|factor| categorical(&self.probabilities(&features, factor), rng))
    }
}

fn features_of(observation: &[f32; 8]) -> [f64; N_FEATURES] {
    let mut features = [1.0; N_FEATURES];
    for (feature, number) in features[1..].iter_mut().zip(observation) {
        *feature = f64::from(*number);
    }
    features
}

fn mean_and_spread(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / n;
    (mean, variance.sqrt())
}
