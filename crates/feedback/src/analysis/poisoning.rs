//! Answers that were turned where something is present: a scan over all candidate triggers with one false-alarm rate.

use mdp::{Rng, Seed, index, normal};

use super::AnalysisSettings;
use super::answers::Answers;
use super::reference::Reference;
use super::statistics::{normal_quantile, proportion_interval, quantile};
use super::traits::{Bearer, Traits, of_pair, traits};

/// What is done where the trigger is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoisonKind {
    /// Answers are the opposite of what they should be where either bears it.
    Turned,
    /// The one that bears it is said to be better.
    Favored,
    /// The one that bears it is said to be worse.
    Disfavored,
}

impl PoisonKind {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            PoisonKind::Turned => "turned",
            PoisonKind::Favored => "favored",
            PoisonKind::Disfavored => "disfavored",
        }
    }
}

/// A suspected trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct PoisonTrigger {
    /// The names of the trait: several where the very same items bear all of them.
    pub names: Vec<String>,
    /// What is done.
    pub kind: PoisonKind,
    /// Who does it, by position; empty where answers are not signed, or all do it alike.
    pub annotators: Vec<usize>,
    /// Answers of these annotators where it is present.
    pub n_answers: usize,
    /// The share of those that was made up, at the greatest likelihood.
    pub rate: f64,
    /// How far the excess stands above what is expected, in standard deviations.
    pub z: f64,
}

/// An answer under suspicion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suspect {
    /// Position among the rows of the comparisons.
    pub row: usize,
    /// Position of the trigger in [`PoisonScan::triggers`].
    pub trigger: usize,
    /// The probability that it was made up, given the rate.
    pub probability: f64,
}

/// What the scan says.
#[derive(Clone, Debug, PartialEq)]
pub struct PoisonScan {
    /// Traits that were looked at.
    pub n_traits: usize,
    /// Answers on which other answers bear.
    pub n_answers: usize,
    /// Probability of a maximum this high where nothing is poisoned, over all traits, annotators and kinds.
    pub p_value: f64,
    /// The suspected triggers; none where the p-value is above the level.
    pub triggers: Vec<PoisonTrigger>,
    /// The answers under suspicion, more likely made up than not, in order.
    pub suspects: Vec<Suspect>,
    /// Turned answers of one annotator on one trait that would have been found four times of five.
    pub smallest_effect: f64,
}

/// Why the scan could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoScan {
    /// No other answer bears on enough answers.
    NoReference,
    /// Nothing on record that could be a trigger.
    NoTraits,
}

/// Fewest answers on which others bear.
const FEWEST_CASES: usize = 100;
/// Fewest answers of one annotator on one trait that are looked at, and of the others beside.
const FEWEST_IN_CELL: usize = 5;
/// Most triggers that are told apart.
const MOST_TRIGGERS: usize = 5;
/// Answers that are added to each cell's variance, so that the skewed sums of a few do not set the height for all.
const CAUTION: f64 = 4.0;

/// One answer that others bear on.
struct Case {
    row: usize,
    pair: usize,
    annotator: usize,
    /// P(the answer), by the others.
    expected: f64,
    /// How far it disagrees, weighed by how sure the others are, its annotator's mean taken off.
    turned: f64,
    /// How far it is for the lower item beyond what is expected.
    for_low: f64,
}

/// A scan in three steps.
///
/// Each answer has two residuals: how far it disagrees with what the others say of its pair, and how far it is for one of
/// the two. For every trait and annotator the mean of the residuals where the trait is present is compared with that of
/// the other annotators where it is present: what makes a trait's pairs hard, or a trait good, is common to all and falls
/// out. In the second statistic, for traits alone, nothing falls out.
///
/// The greatest of each statistic is held against the greatest after the traits were dealt to other pairs (or, where
/// items come back in several pairs, to other items), with nine tenths and one tenth of the level: whatever traits occur
/// together goes together, so that the level holds for all traits, annotators and kinds at once. Annotators are taken
/// together from the one who stands highest on, up to half of them, and the height is counted from what picking the highest
/// gives by chance.
///
/// # Limits
/// Turning is claimed only where more than half of the answers that others are sure about are turned: where less are, hard
/// pairs would look the same. A group of annotators with a taste of its own for a trait looks like one that favours it for
/// another reason. What most annotators do is what the others are held against, and is not found.
pub(super) fn scan(
    answers: &Answers<'_>,
    reference: &Reference,
    settings: &AnalysisSettings,
    seed: Seed,
) -> Result<PoisonScan, NoScan> {
    let traits = traits(answers);
    if traits.names.is_empty() {
        return Err(NoScan::NoTraits);
    }
    let is_signed = answers.are_signed();
    let mut cases = cases(answers, reference);
    if cases.len() < FEWEST_CASES {
        return Err(NoScan::NoReference);
    }
    let n_annotators = answers.n_annotators().max(1);
    center(&mut cases, n_annotators);
    let scan = Scan {
        answers,
        n_traits: traits.names.len(),
        n_annotators,
        is_signed,
        deals_items: reference.has_scores,
        by_chance: chance_contrasts(n_annotators),
    };
    let in_place: Vec<usize> = (0..traits.of_item.len()).collect();
    let own = scan.profiles(&traits, &in_place);
    let seen = scan.statistics(&cases, &own, true);
    let mut rng = seed.stream("poisoning", 0);
    let (p_value, heights) = scan.permute(&cases, &traits, &seen, settings, &mut rng);
    let mut found = PoisonScan {
        n_traits: traits.names.len(),
        n_answers: cases.len(),
        p_value,
        triggers: Vec::new(),
        suspects: Vec::new(),
        smallest_effect: scan.smallest_effect(&cases, settings),
    };
    if p_value <= settings.level {
        scan.attribute(&cases, &own, &traits, seen, heights, &mut found);
        found.suspects.sort_by_key(|suspect| suspect.row);
    }
    Ok(found)
}

fn cases(answers: &Answers<'_>, reference: &Reference) -> Vec<Case> {
    answers
        .answers
        .iter()
        .zip(&reference.low_is_better)
        .filter_map(|(answer, low_is_better)| {
            let (low_wins, p) = (answer.low_wins()?, (*low_is_better)?);
            let expected = if low_wins { p } else { 1.0 - p };
            let sure = p.max(1.0 - p);
            let disagreement = f64::from(u8::from(low_wins != (p > 0.5))) - (1.0 - sure);
            Some(Case {
                row: answer.row,
                pair: answer.pair,
                annotator: answer.annotator.unwrap_or(0),
                expected,
                turned: (2.0 * sure - 1.0) * disagreement,
                for_low: f64::from(u8::from(low_wins)) - p,
            })
        })
        .collect()
}

/// Takes each annotator's mean disagreement off: being wrong everywhere alike is noise.
fn center(cases: &mut [Case], n_annotators: usize) {
    let mut sums = vec![(0.0, 0.0); n_annotators];
    for case in cases.iter() {
        sums[case.annotator].0 += case.turned;
        sums[case.annotator].1 += 1.0;
    }
    for case in cases {
        let (sum, n) = sums[case.annotator];
        case.turned -= sum / n;
    }
}

/// The traits of each pair in order, with who bears them.
struct Profiles {
    /// Where those of each profile begin, and the end.
    starts: Vec<usize>,
    traits: Vec<(u32, Bearer)>,
    /// The profile of each pair.
    order: Vec<usize>,
}

impl Profiles {
    fn of(&self, pair: usize) -> &[(u32, Bearer)] {
        let profile = self.order[pair];
        &self.traits[self.starts[profile]..self.starts[profile + 1]]
    }

    fn bearer(&self, pair: usize, trait_index: usize) -> Option<Bearer> {
        let profile = self.of(pair);
        let position = profile.binary_search_by_key(&(trait_index as u32), |(own, _)| *own);
        position.ok().map(|position| profile[position].1)
    }
}

/// Sums of one residual over answers with a trait.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    sum: f64,
    /// Squares over the annotator's variance.
    squares: f64,
    /// The mean variance of the annotators, weighed by their answers.
    variance: f64,
}

impl Sums {
    fn add(&mut self, value: f64, variance: f64) {
        self.n += 1.0;
        self.sum += value;
        self.squares += value * value / variance;
        self.variance = variance;
    }

    fn with(self, other: Sums) -> Sums {
        let n = self.n + other.n;
        Sums {
            n,
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
            variance: match n {
                0.0 => 0.0,
                n => (self.n * self.variance + other.n * other.variance) / n,
            },
        }
    }
}

/// A cell of the scan with the height of its statistic.
#[derive(Clone, Copy)]
struct Peak {
    z: f64,
    trait_index: usize,
    /// How many of the annotators, from the highest on; 0 for all.
    n_annotators: usize,
    kind: PoisonKind,
}

/// The greatest of both statistics.
struct Statistics {
    by_annotator: Option<Peak>,
    by_trait: Option<Peak>,
}

fn height(peak: Option<Peak>) -> f64 {
    peak.map_or(f64::NEG_INFINITY, |peak| peak.z)
}

struct Scan<'a> {
    answers: &'a Answers<'a>,
    n_traits: usize,
    n_annotators: usize,
    is_signed: bool,
    /// Whether traits are dealt to items rather than to pairs.
    deals_items: bool,
    /// Mean and deviation of the contrast of the highest so many annotators where there is nothing.
    by_chance: Vec<(f64, f64)>,
}

impl Scan<'_> {
    /// The traits of each pair, where items have those of `items`.
    fn profiles(&self, traits: &Traits, items: &[usize]) -> Profiles {
        let mut profiles = Profiles {
            starts: vec![0],
            traits: Vec::new(),
            order: (0..self.answers.pairs.len()).collect(),
        };
        for (low, high) in &self.answers.pairs {
            let [low, high] = [low, high].map(|item| &traits.of_item[items[*item]]);
            of_pair(low, high, &mut profiles.traits);
            profiles.starts.push(profiles.traits.len());
        }
        profiles
    }

    /// Deals the traits anew: to pairs, or to items.
    fn deal(&self, traits: &Traits, items: &mut [usize], profiles: &mut Profiles, rng: &mut Rng) {
        let mut shuffle = |places: &mut [usize]| {
            for last in (1..places.len()).rev() {
                places.swap(last, index(last + 1, rng));
            }
        };
        if self.deals_items {
            shuffle(items);
            *profiles = self.profiles(traits, items);
        } else {
            shuffle(&mut profiles.order);
        }
    }

    fn variances(&self, cases: &[Case], of: fn(&Case) -> f64) -> Vec<f64> {
        let mut sums = vec![(0.0, 0.0); self.n_annotators];
        let (mut sum, mut n) = (0.0, 0.0);
        for case in cases {
            let square = of(case).powi(2);
            sums[case.annotator].0 += square;
            sums[case.annotator].1 += 1.0;
            (sum, n) = (sum + square, n + 1.0);
        }
        let common = (sum / n).max(1e-6);
        // Ten answers of the common variance each, so that who never disagreed has one.
        sums.into_iter()
            .map(|(own, n)| (own + 10.0 * common) / (n + 10.0))
            .collect()
    }

    /// The greatest of both statistics; where they are of what was seen and not of what was dealt, of those peaks alone that
    /// no difficulty explains.
    fn statistics(&self, cases: &[Case], profiles: &Profiles, are_seen: bool) -> Statistics {
        let cells = self.n_traits * self.n_annotators;
        let (mut turned, mut favored) =
            (vec![Sums::default(); cells], vec![Sums::default(); cells]);
        let turned_variance = self.variances(cases, |case| case.turned);
        let favored_variance = self.variances(cases, |case| case.for_low);
        for case in cases {
            let who = case.annotator;
            for (trait_index, bearer) in profiles.of(case.pair) {
                let cell = *trait_index as usize * self.n_annotators + who;
                turned[cell].add(case.turned, turned_variance[who]);
                let favor = match bearer {
                    Bearer::Low => case.for_low,
                    Bearer::High => -case.for_low,
                    Bearer::Both => continue,
                };
                favored[cell].add(favor, favored_variance[who]);
            }
        }
        self.account_for_centering(&mut turned, cases);
        let mut statistics = Statistics {
            by_annotator: None,
            by_trait: None,
        };
        let mut scratch = Vec::new();
        for trait_index in 0..self.n_traits {
            let cells = trait_index * self.n_annotators..(trait_index + 1) * self.n_annotators;
            for (sums, kind, sign) in [
                (&turned[cells.clone()], PoisonKind::Turned, 1.0),
                (&favored[cells.clone()], PoisonKind::Favored, 1.0),
                (&favored[cells.clone()], PoisonKind::Disfavored, -1.0),
            ] {
                if self.is_signed {
                    order(sums, sign, &mut scratch);
                    let found = self.best_group(sums, sign, &scratch);
                    if let Some((z, n_annotators)) = found
                        && z > height(statistics.by_annotator)
                    {
                        let group = || scratch[..n_annotators].iter().map(|(_, who)| *who);
                        let is_explained = are_seen
                            && kind == PoisonKind::Turned
                            && !is_beyond_difficulty(cases, profiles, trait_index, group());
                        if !is_explained {
                            statistics.by_annotator = Some(Peak {
                                z,
                                trait_index,
                                n_annotators,
                                kind,
                            });
                        }
                    }
                }
            }
            let all = turned[cells]
                .iter()
                .fold(Sums::default(), |all, own| all.with(*own));
            let z = all.sum / (all.variance * (all.n + CAUTION)).sqrt();
            if all.n >= FEWEST_IN_CELL as f64
                && z > height(statistics.by_trait)
                && (!are_seen
                    || is_beyond_difficulty(cases, profiles, trait_index, 0..self.n_annotators))
            {
                statistics.by_trait = Some(Peak {
                    z,
                    trait_index,
                    n_annotators: 0,
                    kind: PoisonKind::Turned,
                });
            }
        }
        statistics
    }

    /// A sum over n of an annotator's N residuals, whose mean was taken off, varies by 1 - n / N of what it else would.
    fn account_for_centering(&self, turned: &mut [Sums], cases: &[Case]) {
        let mut n_answers = vec![0.0; self.n_annotators];
        for case in cases {
            n_answers[case.annotator] += 1.0;
        }
        for own in turned.chunks_exact_mut(self.n_annotators) {
            for (own, n) in own.iter_mut().zip(&n_answers) {
                own.variance *= (1.0 - own.n / f64::max(*n, 1.0)).max(0.05);
            }
        }
    }

    /// The number of annotators from the highest on, at most half of them, whose contrast with the rest stands highest
    /// above what picking the highest gives, and how high.
    fn best_group(&self, sums: &[Sums], sign: f64, order: &[(f64, usize)]) -> Option<(f64, usize)> {
        let mut best: Option<(f64, usize)> = None;
        let total = order
            .iter()
            .fold(Sums::default(), |all, (_, who)| all.with(sums[*who]));
        let mut group = Sums::default();
        for (position, (_, who)) in order.iter().take(order.len() / 2).enumerate() {
            group = group.with(sums[*who]);
            let n = total.n - group.n;
            let rest = Sums {
                n,
                sum: total.sum - group.sum,
                squares: total.squares - group.squares,
                variance: (total.n * total.variance - group.n * group.variance) / n.max(1.0),
            };
            let (mean, deviation) = self.by_chance[position];
            if let Some(z) = contrast(group, rest) {
                let z = (sign * z - mean) / deviation;
                if best.is_none_or(|best| z > best.0) {
                    best = Some((z, position + 1));
                }
            }
        }
        best
    }

    /// The p-value of the two greatest together, and the heights that each statistic exceeds by chance at half of the level.
    fn permute(
        &self,
        cases: &[Case],
        traits: &Traits,
        seen: &Statistics,
        settings: &AnalysisSettings,
        rng: &mut Rng,
    ) -> (f64, [f64; 2]) {
        // Enough exceedances settle that nothing is there (Besag and Clifford 1991).
        const ENOUGH: usize = 10;
        let own = [height(seen.by_annotator), height(seen.by_trait)];
        let mut greatest: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
        let mut above = [0; 2];
        let mut items: Vec<usize> = (0..traits.of_item.len()).collect();
        let mut dealt = self.profiles(traits, &items);
        for _ in 0..settings.permutations {
            self.deal(traits, &mut items, &mut dealt, rng);
            let statistics = self.statistics(cases, &dealt, false);
            let heights = [height(statistics.by_annotator), height(statistics.by_trait)];
            for which in 0..2 {
                above[which] += usize::from(heights[which] >= own[which]);
                greatest[which].push(heights[which]);
            }
            if above.iter().all(|above| *above >= ENOUGH) {
                break;
            }
        }
        let n = greatest[0].len() as f64;
        let p_values = above.map(|above| (above as f64 + 1.0) / (n + 1.0));
        // The first statistic has most of the level: the second is for what the first cannot see.
        let shares = if self.is_signed {
            [0.9, 0.1]
        } else {
            [0.0, 1.0]
        };
        let mut p_value = 1.0_f64;
        if self.is_signed {
            p_value = p_value.min(p_values[0] / shares[0]);
        }
        if seen.by_trait.is_some() {
            p_value = p_value.min(p_values[1] / shares[1]);
        }
        let mut which = shares.into_iter();
        let heights = greatest.map(|mut heights| {
            heights.sort_by(f64::total_cmp);
            let share = which.next().expect("two statistics");
            quantile(&heights, 1.0 - share * settings.level)
        });
        (p_value, heights)
    }

    /// Names triggers one after the other, each without the answers that the ones before explain.
    fn attribute(
        &self,
        cases: &[Case],
        profiles: &Profiles,
        traits: &Traits,
        seen: Statistics,
        heights: [f64; 2],
        found: &mut PoisonScan,
    ) {
        let mut left: Vec<Case> = cases.iter().map(Case::copy).collect();
        let mut next = seen;
        while found.triggers.len() < MOST_TRIGGERS {
            let by_annotator = next.by_annotator.filter(|peak| peak.z >= heights[0]);
            let by_trait = next.by_trait.filter(|peak| peak.z >= heights[1]);
            let Some(peak) = by_annotator.or(by_trait) else {
                break;
            };
            let annotators = self.accomplices(&left, profiles, peak);
            let suspects = suspects(&left, profiles, peak, &annotators);
            if suspects.rows.is_empty() {
                break;
            }
            let trigger = found.triggers.len();
            found.triggers.push(PoisonTrigger {
                names: traits.names[peak.trait_index].clone(),
                kind: peak.kind,
                annotators,
                n_answers: suspects.n_answers,
                rate: suspects.rate,
                z: peak.z,
            });
            for (row, probability) in &suspects.rows {
                found.suspects.push(Suspect {
                    row: *row,
                    trigger,
                    probability: *probability,
                });
            }
            left.retain(|case| suspects.rows.iter().all(|(row, _)| *row != case.row));
            next = self.statistics(&left, profiles, true);
        }
    }

    /// The annotators who do it: of those found together and of the others, whoever stands two deviations above the honest
    /// ones, and the highest in any case.
    fn accomplices(&self, cases: &[Case], profiles: &Profiles, peak: Peak) -> Vec<usize> {
        if peak.n_annotators == 0 {
            return Vec::new();
        }
        let variance = match peak.kind {
            PoisonKind::Turned => self.variances(cases, |case| case.turned),
            PoisonKind::Favored | PoisonKind::Disfavored => {
                self.variances(cases, |case| case.for_low)
            }
        };
        let mut sums = vec![Sums::default(); self.n_annotators];
        for case in cases {
            if let Some(value) = residual(case, profiles, peak) {
                sums[case.annotator].add(value, variance[case.annotator]);
            }
        }
        if peak.kind == PoisonKind::Turned {
            self.account_for_centering(&mut sums, cases);
        }
        let mut ordered = Vec::new();
        order(&sums, 1.0, &mut ordered);
        let (group, others) = ordered.split_at(peak.n_annotators);
        let together = |some: &[(f64, usize)], but: usize| {
            let some = some.iter().filter(|(_, who)| *who != but);
            some.fold(Sums::default(), |all, (_, who)| all.with(sums[*who]))
        };
        let mut accomplices: Vec<usize> = ordered
            .iter()
            .map(|(_, who)| *who)
            .filter(|who| {
                let honest = together(others, *who);
                *who == group[0].1 || contrast(sums[*who], honest).is_some_and(|z| z >= 2.0)
            })
            .collect();
        accomplices.sort_unstable();
        accomplices
    }

    /// Turned answers of one annotator, all on one trait, whose sum stands as high as Bonferroni's threshold for all cells,
    /// with four chances of five.
    fn smallest_effect(&self, cases: &[Case], settings: &AnalysisSettings) -> f64 {
        let n_cells = (self.n_traits
            * if self.is_signed {
                3 * self.n_annotators
            } else {
                1
            }) as f64;
        let reach = normal_quantile(1.0 - settings.level / (2.0 * n_cells)) + normal_quantile(0.8);
        let n = cases.len() as f64;
        let variance = cases.iter().map(|case| case.turned.powi(2)).sum::<f64>() / n;
        // Turning an answer that agrees raises its residual by the weight; one that disagrees lowers it as much.
        let moved = cases
            .iter()
            .map(|case| 2.0 * case.expected - 1.0)
            .sum::<f64>()
            / n;
        // n moved = reach sqrt((n + caution) variance).
        let ratio = reach * reach * variance / (moved * moved).max(1e-12);
        0.5 * (ratio + (ratio * (ratio + 4.0 * CAUTION)).sqrt())
    }
}

impl Case {
    fn copy(&self) -> Case {
        Case { ..*self }
    }
}

/// Whether, of some annotators' answers with a trait that others are sure about, more than half are turned. On pairs that
/// are hard, however hard, no more than half are; and there it is the reliable ones who stand out against their own mean.
fn is_beyond_difficulty(
    cases: &[Case],
    profiles: &Profiles,
    trait_index: usize,
    annotators: impl Iterator<Item = usize>,
) -> bool {
    let annotators: Vec<usize> = annotators.collect();
    let (mut n, mut n_turned) = (0, 0);
    for case in cases {
        let is_sure = (case.expected - 0.5).abs() > 0.2;
        let bears = || profiles.bearer(case.pair, trait_index).is_some();
        if is_sure && annotators.contains(&case.annotator) && bears() {
            n += 1;
            n_turned += u64::from(case.expected < 0.5);
        }
    }
    n > 0 && proportion_interval(n_turned, n, 0.8).0 > 0.5
}

/// The residual that a kind of poisoning raises; none where the trait is not there.
fn residual(case: &Case, profiles: &Profiles, peak: Peak) -> Option<f64> {
    let bearer = profiles.bearer(case.pair, peak.trait_index)?;
    let favor = match bearer {
        Bearer::Low => Some(case.for_low),
        Bearer::High => Some(-case.for_low),
        Bearer::Both => None,
    };
    match peak.kind {
        PoisonKind::Turned => Some(case.turned),
        PoisonKind::Favored => favor,
        PoisonKind::Disfavored => Some(-favor?),
    }
}

/// How far the mean of some annotators stands above that of the rest, in standard deviations; none where either has too
/// few answers.
fn contrast(some: Sums, rest: Sums) -> Option<f64> {
    let fewest = FEWEST_IN_CELL as f64;
    if some.n < fewest || rest.n < fewest {
        return None;
    }
    // How much more the residuals of the rest vary with the trait than without.
    let ratio = ((rest.squares + 10.0) / (rest.n + 10.0)).max(0.5);
    let spread = some.variance * (some.n + CAUTION) / (some.n * some.n) + rest.variance / rest.n;
    Some((some.sum / some.n - rest.sum / rest.n) / (ratio * spread).sqrt())
}

/// The annotators from the one whose answers with a trait stand highest to the one whose stand lowest; `sign` is -1 to
/// turn the order.
fn order(sums: &[Sums], sign: f64, order: &mut Vec<(f64, usize)>) {
    let all = sums.iter().fold(Sums::default(), |all, own| all.with(*own));
    order.clear();
    order.extend(
        sums.iter()
            .enumerate()
            .filter(|(_, own)| own.n > 0.0)
            .map(|(who, own)| {
                let excess = own.sum - own.n * all.sum / all.n;
                (
                    sign * excess / (own.variance * (own.n + CAUTION)).sqrt(),
                    who,
                )
            }),
    );
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
}

/// The mean and the deviation of the contrast of the highest k of A equal annotators against the others where there is
/// nothing, for k up to A / 2: what picking the highest does by itself. From draws with a seed of its own.
fn chance_contrasts(n_annotators: usize) -> Vec<(f64, f64)> {
    const DRAWS: usize = 1_000;
    let mut rng = Seed(0).stream("chance contrasts", n_annotators as u64);
    let n = n_annotators as f64;
    let mut moments = vec![(0.0, 0.0); n_annotators / 2];
    let mut drawn = vec![0.0; n_annotators];
    for _ in 0..DRAWS {
        drawn.iter_mut().for_each(|value| *value = normal(&mut rng));
        drawn.sort_by(|a, b| b.total_cmp(a));
        let total: f64 = drawn.iter().sum();
        let mut top = 0.0;
        for (position, moments) in moments.iter_mut().enumerate() {
            top += drawn[position];
            let k = position as f64 + 1.0;
            let difference = top / k - (total - top) / (n - k);
            let z = difference / (1.0 / k + 1.0 / (n - k)).sqrt();
            moments.0 += z;
            moments.1 += z * z;
        }
    }
    moments
        .into_iter()
        .map(|(sum, squares)| {
            let mean = sum / DRAWS as f64;
            (
                mean,
                (squares / DRAWS as f64 - mean * mean).max(0.01).sqrt(),
            )
        })
        .collect()
}

struct Suspects {
    n_answers: usize,
    rate: f64,
    rows: Vec<(usize, f64)>,
}

/// The rate at which answers with the trigger were made up, by expectation and maximisation, and the answers that are more
/// likely made up than not.
fn suspects(cases: &[Case], profiles: &Profiles, peak: Peak, annotators: &[usize]) -> Suspects {
    // Probability of what was said: in good faith, and made up.
    let likelihoods: Vec<(usize, f64, f64)> = cases
        .iter()
        .filter(|case| annotators.is_empty() || annotators.contains(&case.annotator))
        .filter_map(|case| {
            let residual = residual(case, profiles, peak)?;
            let made_up = match peak.kind {
                PoisonKind::Turned => 1.0 - case.expected,
                // The residual is for the one that bears it where it is positive.
                PoisonKind::Favored | PoisonKind::Disfavored => f64::from(u8::from(residual > 0.0)),
            };
            Some((case.row, case.expected, made_up))
        })
        .collect();
    let probability = |rate: f64, honest: f64, made_up: f64| {
        rate * made_up / (rate * made_up + (1.0 - rate) * honest)
    };
    let mut rate = 0.5;
    for _ in 0..200 {
        let sum: f64 = likelihoods
            .iter()
            .map(|(_, honest, made_up)| probability(rate, *honest, *made_up))
            .sum();
        rate = (sum / likelihoods.len().max(1) as f64).clamp(1e-6, 1.0 - 1e-6);
    }
    let rows = likelihoods
        .iter()
        .map(|(row, honest, made_up)| (*row, probability(rate, *honest, *made_up)))
        .filter(|(_, probability)| *probability > 0.5)
        .collect();
    Suspects {
        n_answers: likelihoods.len(),
        rate,
        rows,
    }
}
