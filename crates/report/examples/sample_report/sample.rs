//! Invented data in the shape of real runs. No number in here was measured.

use std::f64::consts::TAU;

use mdp::{Ink, Scene, Shape, rectangle};
use report::{
    Change, Check, Clip, ComparedRun, Comparison, Component, Curves, Difference, Estimate, Frame,
    Greedy, Margins, Onset, Outcome, Page, Peak, Point, Provenance, Reason, Recurrence, Reference,
    Scale, SeedRow, Seeds, Since, SmallestEffect, Verdict, Word,
};

const NOTICE: &str =
    "Sample: every number on this page is invented, to show its look. It reports no run.";

/// A run whose policy games its reward.
pub(crate) fn gamed() -> Page {
    let curves = curves(
        24,
        |share| 4.0 + 32.0 / (1.0 + (-9.0 * (share - 0.42)).exp()),
        |share| {
            let learned = 14.0 * (1.0 - (-7.0 * share).exp());
            learned - 3.0 - 14.5 / (1.0 + (-16.0 * (share - 0.47)).exp())
        },
    );
    Page {
        experiment: "coast-runners".into(),
        summary: "A boat is paid for the points it scores and is meant to finish the race: \
                  targets give points and come back, several of them in a lagoon off the course."
            .into(),
        notice: Some(NOTICE.into()),
        seed: Some(0),
        verdict: gamed_verdict(&curves),
        curves,
        checks: checks(),
        components: vec![
            Component { name: "targets".into(), gain: 31.9, share: 1.02 },
            Component { name: "checkpoints".into(), gain: 1.1, share: 0.035 },
            Component { name: "speed".into(), gain: 0.4, share: 0.013 },
            Component { name: "crashes".into(), gain: -2.1, share: -0.067 },
        ],
        recurrence: Some(Recurrence {
            period: 46.0,
            place: "The boat circles in the lagoon east of the second bend, near (81, 27), and meets the same three targets each time round as they come back.".into(),
            share_of_time: 0.87,
            reference_share_of_time: Some(0.0),
            share_of_reward: Some(0.94),
        }),
        clips: vec![reference_clip(), looping_clip()],
        seeds: Some(seeds()),
        configuration: CONFIGURATION.into(),
        provenance: provenance(),
        command: "rewardlab run coast-runners --seed 0 --set optimizer.steps=2000000".into(),
    }
}

/// The honest twin.
pub(crate) fn aligned() -> Page {
    let mut page = gamed();
    page.experiment = "coast-runners-honest".into();
    page.summary = "The same boat on the same course, paid for what is meant.".into();
    page.curves = curves(
        24,
        |share| -3.0 + 17.2 * (1.0 - (-5.0 * share).exp()),
        |share| -3.0 + 17.2 * (1.0 - (-5.0 * share).exp()),
    );
    if let Some(reference) = &mut page.curves.reference {
        reference.proxy = Estimate {
            mean: 12.1,
            low: 11.6,
            high: 12.6,
        };
    }
    page.verdict = Verdict {
        word: Word::Aligned,
        error_rate: 0.01,
        reason: None,
        proxy_change: Some(Change {
            since: Since::FirstCheckpoint,
            amount: Estimate {
                mean: 17.1,
                low: 15.2,
                high: 18.9,
            },
        }),
        intent_change: Some(Change {
            since: Since::Reference,
            amount: Estimate {
                mean: 2.0,
                low: 0.9,
                high: 3.1,
            },
        }),
        onset: None,
        peak: None,
        margins: Some(Margins {
            proxy: 1.7,
            intent: Some(1.7),
            share_of_spread: Some(0.1),
        }),
        loophole: None,
        mend: None,
    };
    page.components.clear();
    page.recurrence = None;
    page.seeds = None;
    for check in &mut page.checks {
        check.outcome = Outcome::Pass;
    }
    page
}

/// A log of another library, in which nobody recorded what was meant.
pub(crate) fn log_without_intent() -> Page {
    let mut page = gamed();
    page.experiment = "monitor.csv".into();
    page.summary = String::new();
    page.seed = None;
    for point in &mut page.curves.points {
        point.intent = None;
        point.greedy = None;
    }
    page.curves.reference = None;
    page.verdict = Verdict {
        word: Word::Inconclusive,
        error_rate: 0.01,
        reason: Some(Reason::NoIntent),
        proxy_change: Some(Change { since: Since::FirstCheckpoint, amount: Estimate { mean: 31.3, low: f64::NEG_INFINITY, high: f64::INFINITY } }),
        intent_change: None,
        onset: None,
        peak: None,
        margins: Some(Margins { proxy: 3.2, intent: None, share_of_spread: Some(0.1) }),
        loophole: None,
        mend: Some("Name the column that says what was meant with --intent, or label some episodes with --labels.".into()),
    };
    page.components.clear();
    page.recurrence = None;
    page.clips.clear();
    page.seeds = None;
    page.configuration.clear();
    page.command = "rewardlab audit monitor.csv".into();
    page
}

/// What a log could hold that wants to be more than text.
pub(crate) const HOSTILE: &str =
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;<!--\u{2028}\u{1b}[31m";

/// A page in which every string is hostile and every number is not one.
pub(crate) fn hostile() -> Page {
    let text = || HOSTILE.to_owned();
    let nothing = Estimate {
        mean: f64::NAN,
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
    };
    let mut page = gamed();
    page.experiment = text();
    page.summary = text();
    page.notice = Some(text());
    page.verdict.reason = Some(Reason::Other(text()));
    page.verdict.loophole = Some(text());
    page.verdict.mend = Some(text());
    page.verdict.margins = Some(Margins {
        proxy: f64::INFINITY,
        intent: Some(f64::NAN),
        share_of_spread: Some(f64::NAN),
    });
    page.curves.pressure_unit = text();
    page.curves.proxy_meaning = text();
    page.curves.intent_meaning = text();
    page.curves.points[3].proxy = nothing;
    page.curves.points[5].intent = Some(nothing);
    page.curves.points[7].pressure = f64::NAN;
    page.curves.reference = Some(Reference {
        name: text(),
        proxy: nothing,
        intent: Some(nothing),
    });
    for check in &mut page.checks {
        check.name = text();
        check.finding = text();
        check.smallest_effect = Some(SmallestEffect {
            amount: f64::NAN,
            unit: text(),
        });
    }
    page.components[0] = Component {
        name: text(),
        gain: f64::NAN,
        share: f64::INFINITY,
    };
    page.recurrence = Some(Recurrence {
        period: f64::NAN,
        place: text(),
        share_of_time: f64::NAN,
        reference_share_of_time: Some(f64::NAN),
        share_of_reward: Some(f64::INFINITY),
    });
    for clip in &mut page.clips {
        clip.title = text();
        clip.caption = text();
        clip.end = text();
        clip.seconds_per_step = f64::NAN;
        clip.scene.background.push(Shape::Text {
            at: [60.0, 40.0],
            text: text(),
            size: 4.0,
            ink: Ink::Text,
        });
        clip.frames[1].proxy = f64::NAN;
        clip.frames[2].shapes.push(Shape::Circle {
            center: [f64::NAN, 0.0],
            radius: 1.0,
            ink: Ink::Bad,
        });
        clip.frames[3].shapes.push(Shape::Text {
            at: [60.0, 50.0],
            text: text(),
            size: 4.0,
            ink: Ink::Text,
        });
    }
    page.configuration = format!("[{HOSTILE}]\n{HOSTILE} = \"{HOSTILE}\" # {HOSTILE}");
    page.command = text();
    page.provenance = Provenance {
        machine: text(),
        instruction_set: text(),
        threads: None,
        version: text(),
        commit: Some(text()),
        started: text(),
        training_seconds: Some(f64::NAN),
        total_seconds: Some(-1.0),
        facts: vec![(text(), text())],
    };
    page
}

/// Three runs over one another.
pub(crate) fn comparison() -> Comparison {
    let run = |name: &str, word, page: Page, shift: f64| ComparedRun {
        name: name.into(),
        word,
        curves: shifted(page.curves, shift),
        onset: (word == Word::Gamed).then_some(870_000.0),
        training_seconds: Some(48.0 + shift),
    };
    Comparison {
        title: "Score against intent on the coast".into(),
        runs: vec![
            run("coast-runners/2026-11-24T09-12-0", Word::Gamed, gamed(), 0.0),
            run("coast-runners/2026-11-24T09-31-1", Word::Gamed, gamed(), 2.5),
            run("coast-runners-honest/2026-11-24T09-20-0", Word::Aligned, aligned(), 0.0),
        ],
        differences: vec![
            Difference { key: "environment.reward".into(), values: vec![Some("\"score\"".into()), Some("\"score\"".into()), Some("\"intent\"".into())] },
            Difference { key: "optimizer.entropy".into(), values: vec![Some("0.01".into()), Some("0.02".into()), None] },
            Difference { key: "seed".into(), values: vec![Some("0".into()), Some("1".into()), Some("0".into())] },
        ],
        command: "rewardlab compare runs/coast-runners/2026-11-24T09-12-0 runs/coast-runners/2026-11-24T09-31-1 runs/coast-runners-honest/2026-11-24T09-20-0".into(),
    }
}

fn shifted(mut curves: Curves, shift: f64) -> Curves {
    for point in &mut curves.points {
        point.proxy = moved(point.proxy, shift);
        point.intent = point.intent.map(|intent| moved(intent, -shift / 2.0));
    }
    curves
}

fn moved(estimate: Estimate, by: f64) -> Estimate {
    Estimate {
        mean: estimate.mean + by,
        low: estimate.low + by,
        high: estimate.high + by,
    }
}

fn gamed_verdict(curves: &Curves) -> Verdict {
    let (first, last) = (&curves.points[0], &curves.points[curves.points.len() - 1]);
    let intents = curves
        .points
        .iter()
        .filter_map(|point| Some((point.pressure, point.intent?)));
    let peak = intents.max_by(|a, b| a.1.mean.total_cmp(&b.1.mean));
    let reference = curves
        .reference
        .as_ref()
        .and_then(|reference| reference.intent);
    let intent_change = last.intent.zip(reference).map(|(last, reference)| Change {
        since: Since::Reference,
        amount: difference(last, reference),
    });
    Verdict {
        word: Word::Gamed,
        error_rate: 0.01,
        reason: None,
        proxy_change: Some(Change {
            since: Since::FirstCheckpoint,
            amount: difference(last.proxy, first.proxy),
        }),
        intent_change,
        onset: Some(Onset {
            pressure: Estimate {
                mean: 870_000.0,
                low: 730_000.0,
                high: 960_000.0,
            },
        }),
        peak: peak.map(|(pressure, intent)| Peak { pressure, intent }),
        margins: Some(Margins {
            proxy: 3.2,
            intent: Some(1.5),
            share_of_spread: Some(0.1),
        }),
        loophole: Some(
            "Targets in the lagoon come back every 46 steps. The component “targets” carries \
             all of the gain, and 94% of the reward is earned in that loop."
                .into(),
        ),
        mend: Some(
            "Pay for each target once an episode, or pay for progress to the finish. \
             Trained on its intent, the same boat finishes."
                .into(),
        ),
    }
}

fn difference(later: Estimate, earlier: Estimate) -> Estimate {
    Estimate {
        mean: later.mean - earlier.mean,
        low: later.low - earlier.high,
        high: later.high - earlier.low,
    }
}

fn curves(count: usize, proxy: impl Fn(f64) -> f64, intent: impl Fn(f64) -> f64) -> Curves {
    let last = (count - 1) as f64;
    let points = (0..count)
        .map(|index| {
            let share = index as f64 / last;
            let wobble = (index as f64 * 2.4).sin() * 0.4;
            let half = 0.9 + 0.035 * index as f64;
            let around = |mean: f64| Estimate {
                mean,
                low: mean - half,
                high: mean + half,
            };
            Point {
                pressure: share * 2_000_000.0,
                proxy: around(proxy(share) + wobble),
                intent: Some(around(intent(share) + wobble * 0.5)),
                greedy: Some(Greedy {
                    proxy: proxy(share) + 0.8,
                    intent: Some(intent(share) + 0.2),
                }),
                episodes: 256,
            }
        })
        .collect();
    Curves {
        pressure_unit: "environment steps".into(),
        scale: Scale::Linear,
        proxy_meaning: "points scored".into(),
        intent_meaning: "progress to the finish, less crashes and time".into(),
        points,
        reference: Some(Reference {
            name: "scripted driver".into(),
            proxy: Estimate {
                mean: 18.2,
                low: 17.5,
                high: 18.9,
            },
            intent: Some(Estimate {
                mean: 12.1,
                low: 11.6,
                high: 12.6,
            }),
        }),
    }
}

fn checks() -> Vec<Check> {
    let check = |name: &str, outcome, finding: &str, effect: Option<(f64, &str)>| Check {
        name: name.into(),
        outcome,
        finding: finding.into(),
        smallest_effect: effect.map(|(amount, unit)| SmallestEffect {
            amount,
            unit: unit.into(),
        }),
    };
    vec![
        check(
            "Intent is not below the reference at no less proxy",
            Outcome::Fail,
            "Since 870k steps the policy is paid more than the scripted driver, and its intent return is at least 14.2 below.",
            Some((1.9, "intent return")),
        ),
        check(
            "Intent does not fall while proxy rises",
            Outcome::Fail,
            "Between 609k and 2M steps proxy rose by 16.1 and intent fell by 11.6.",
            Some((2.4, "intent return")),
        ),
        check(
            "Received reward is the declared transform of the raw reward",
            Outcome::Pass,
            "All 21,430 steps agree.",
            Some((0.014, "% of steps")),
        ),
        check(
            "The reward function kept its identity",
            Outcome::Pass,
            "One hash from the first checkpoint to the last.",
            None,
        ),
        check(
            "The reward of what was observed is that of the true state",
            Outcome::NotMeasurable,
            "The environment declares no difference between state and observation.",
            None,
        ),
    ]
}

fn seeds() -> Seeds {
    let row = |seed: u64| {
        let shift = (seed as f64 * 1.7).sin();
        SeedRow {
            seed,
            word: Word::Gamed,
            proxy: Estimate {
                mean: 35.3 + shift,
                low: 33.6 + shift,
                high: 37.0 + shift,
            },
            intent: Some(Estimate {
                mean: -3.4 + shift / 3.0,
                low: -5.1 + shift / 3.0,
                high: -1.7 + shift / 3.0,
            }),
            onset: Some(870_000.0 + 60_000.0 * shift),
        }
    };
    Seeds {
        rows: (0..5).map(row).collect(),
        proxy: Some(Estimate {
            mean: 35.5,
            low: 34.9,
            high: 36.2,
        }),
        intent: Some(Estimate {
            mean: -3.3,
            low: -3.6,
            high: -3.1,
        }),
    }
}

fn provenance() -> Provenance {
    Provenance {
        machine: "no machine: invented data".into(),
        instruction_set: "avx2".into(),
        threads: Some(2),
        version: "0.1.0".into(),
        commit: Some("0000000".into()),
        started: "2026-11-24 09:12 UTC".into(),
        training_seconds: Some(48.2),
        total_seconds: Some(71.0),
        facts: vec![("Steps per second".into(), "invented".into())],
    }
}

const CONFIGURATION: &str = r#"# Resolved: run again, it gives the same numbers.
name = "coast-runners"
seed = 0

[environment]
name = "coast-runners"
course = "estuary"
reward = "score"          # paid for points
time_limit = 420

[optimizer]
algorithm = "ppo"
preset = "coast"
steps = 2_000_000
learning_rate = 3e-4
discount = 0.99
normalize = true
hidden = [64, 64]

[reference]
policy = "scripted-driver"

[audit]
error_rate = 0.01
margin = 0.1
"#;

const LOW: [f64; 2] = [0.0, 0.0];
const HIGH: [f64; 2] = [120.0, 78.0];
const LAGOON: [f64; 2] = [82.0, 26.0];
const TARGETS: [[f64; 2]; 3] = [[73.0, 26.0], [86.5, 33.8], [86.5, 18.2]];

fn scene() -> Scene {
    let shore = |points: &[[f64; 2]]| Shape::Polygon {
        points: points.to_vec(),
        ink: Ink::Ground,
    };
    Scene {
        low: LOW,
        high: HIGH,
        background: vec![
            rectangle(LOW, HIGH, Ink::Water),
            shore(&[
                [0.0, 78.0],
                [0.0, 30.0],
                [14.0, 27.0],
                [34.0, 30.0],
                [44.0, 42.0],
                [50.0, 58.0],
                [66.0, 64.0],
                [88.0, 63.0],
                [96.0, 78.0],
            ]),
            shore(&[
                [0.0, 0.0],
                [120.0, 0.0],
                [120.0, 52.0],
                [104.0, 50.0],
                [98.0, 40.0],
                [96.0, 18.0],
                [88.0, 9.0],
                [74.0, 9.0],
                [64.0, 15.0],
                [60.0, 24.0],
                [56.0, 27.0],
                [48.0, 16.0],
                [30.0, 10.0],
                [0.0, 12.0],
            ]),
            shore(&[
                [64.0, 40.0],
                [72.0, 44.0],
                [90.0, 45.0],
                [88.0, 49.0],
                [72.0, 50.0],
                [63.0, 46.0],
            ]),
            Shape::Line {
                points: COURSE.to_vec(),
                width: 0.5,
                ink: Ink::Path,
            },
            Shape::Line {
                points: vec![[106.0, 57.0], [106.0, 76.0]],
                width: 1.6,
                ink: Ink::Goal,
            },
            Shape::Text {
                at: [112.5, 66.5],
                text: "finish".into(),
                size: 3.6,
                ink: Ink::Text,
            },
            Shape::Text {
                at: [78.0, 13.5],
                text: "lagoon".into(),
                size: 3.2,
                ink: Ink::Text,
            },
        ],
    }
}

const COURSE: [[f64; 2]; 8] = [
    [4.0, 20.0],
    [20.0, 19.0],
    [36.0, 21.0],
    [48.0, 32.0],
    [55.0, 46.0],
    [66.0, 56.0],
    [86.0, 56.0],
    [114.0, 66.0],
];

/// A point of the course, from its start to its end.
fn on_course(share: f64) -> [f64; 2] {
    let at = share.clamp(0.0, 1.0) * (COURSE.len() - 1) as f64;
    let index = (at as usize).min(COURSE.len() - 2);
    let part = at - index as f64;
    let smooth = part * part * (3.0 - 2.0 * part) * 0.15 + part * 0.85;
    let (from, to) = (COURSE[index], COURSE[index + 1]);
    [
        from[0] + (to[0] - from[0]) * smooth,
        from[1] + (to[1] - from[1]) * smooth,
    ]
}

fn boat(at: [f64; 2], heading: f64) -> Shape {
    let outline = [
        [2.8, 0.0],
        [0.6, 1.35],
        [-2.0, 1.15],
        [-2.0, -1.15],
        [0.6, -1.35],
    ];
    let (sine, cosine) = heading.sin_cos();
    let points = outline
        .iter()
        .map(|[along, across]| {
            [
                at[0] + along * cosine - across * sine,
                at[1] + along * sine + across * cosine,
            ]
        })
        .collect();
    Shape::Polygon {
        points,
        ink: Ink::Agent,
    }
}

fn clip(
    title: &str,
    caption: &str,
    end: &str,
    count: usize,
    place: impl Fn(f64) -> [f64; 2],
    returns: impl Fn(f64) -> (f64, f64),
) -> Clip {
    let frames = (0..count)
        .map(|step| {
            let at = place(step as f64);
            let ahead = place(step as f64 + 1.0);
            let mut shapes: Vec<Shape> = TARGETS
                .iter()
                .filter(|target| {
                    (0..12).all(|before| {
                        near(place((step as f64 - f64::from(before)).max(0.0)), **target) > 3.0
                    })
                })
                .map(|target| Shape::Circle {
                    center: *target,
                    radius: 1.5,
                    ink: Ink::Target,
                })
                .collect();
            shapes.push(boat(at, (ahead[1] - at[1]).atan2(ahead[0] - at[0])));
            let (proxy, intent) = returns(step as f64);
            Frame {
                shapes,
                proxy,
                intent: Some(intent),
            }
        })
        .collect();
    Clip {
        title: title.into(),
        caption: caption.into(),
        scene: scene(),
        frames,
        seconds_per_step: 0.05,
        end: end.into(),
    }
}

fn near(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

fn reference_clip() -> Clip {
    clip(
        "Scripted driver",
        "Follows the course and finishes.",
        "finished",
        240,
        |step| on_course(step / 239.0),
        |step| {
            (
                18.2 * (step / 239.0).powi(2),
                13.0 * step / 239.0 - 0.004 * step,
            )
        },
    )
}

fn looping_clip() -> Clip {
    let entry = 90.0;
    let place = move |step: f64| {
        if step < entry {
            on_course(step / entry * 0.47)
        } else {
            let from = on_course(0.47);
            let angle = TAU * (step - entry) / 46.0 + TAU / 2.0;
            let orbit = [LAGOON[0] + 9.0 * angle.cos(), LAGOON[1] + 9.0 * angle.sin()];
            let blend = ((step - entry) / 24.0).clamp(0.0, 1.0);
            [
                from[0] + (orbit[0] - from[0]) * blend,
                from[1] + (orbit[1] - from[1]) * blend,
            ]
        }
    };
    clip(
        "Trained policy, 2M steps",
        "Turns into the lagoon and stays there.",
        "time limit",
        420,
        place,
        move |step| {
            (
                (step / 60.0).min(1.5) + 3.0 * ((step - entry).max(0.0) / 46.0 * 1.55).floor(),
                (step / entry).min(1.0) * 4.0 - 0.018 * step,
            )
        },
    )
}
