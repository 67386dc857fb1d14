//! An invented check of a reward, with maps.

use report::{
    CheckPage, Finding, MapCell, MapChoice, MapLayer, Outcome, PolicyMap, PolicyValues, Sign,
    Soundness,
};

/// A check that found something, with `text` wherever data can put text.
pub(crate) fn check(text: &str) -> CheckPage {
    let text = || text.to_owned();
    let map = |title: &str, turn: Sign| PolicyMap {
        title: format!("{title}{}", text()),
        layers: vec![
            layer(&text(), turn),
            layer("after the switch", Sign::Letter('w')),
        ],
        n_more: 3,
    };
    CheckPage {
        subject: format!("invented{}", text()),
        question: "reward against intent".to_owned(),
        soundness: Soundness::Unsound,
        headline: "Optimising reward can lose 80% of what intent can give.".to_owned(),
        summary: vec![format!("Every number on this page is made up.{}", text())],
        advice: vec![format!("Pay less for waiting.{}", text())],
        facts: vec![(
            "Worst loss".to_owned(),
            "80%".to_owned(),
            format!("of the range{}", text()),
        )],
        maps: vec![
            map("optimal for reward", Sign::Down),
            map("optimal for intent", Sign::Right),
        ],
        legend: vec![('w', format!("wait{}", text())), ('G', "goal".to_owned())],
        map_note: format!("Several states share a cell.{}", text()),
        values: PolicyValues {
            rewards: vec!["reward".to_owned(), format!("intent{}", text())],
            rows: vec![
                (
                    format!("optimal for reward{}", text()),
                    vec!["12.5".to_owned(), "−3".to_owned()],
                ),
                (
                    "optimal for intent".to_owned(),
                    vec!["4".to_owned(), "9".to_owned()],
                ),
            ],
        },
        findings: vec![
            finding("optimum", Some(Outcome::Fail), &text()),
            finding("shaping", Some(Outcome::Pass), &text()),
            finding("tampering", Some(Outcome::NotMeasurable), &text()),
            finding("hackable", None, &text()),
        ],
        settings: vec![("discount".to_owned(), format!("0.99{}", text()))],
        command: format!("rewardlab check invented{}", text()),
    }
}

fn finding(name: &str, outcome: Option<Outcome>, text: &str) -> Finding {
    Finding {
        name: name.to_owned(),
        outcome,
        answer: format!("an answer{text}"),
        details: vec![format!("a place{text}")],
    }
}

fn layer(label: &str, turn: Sign) -> MapLayer {
    let cell = |ground: char, choice: Option<(Sign, f64)>| MapCell {
        ground,
        choice: choice.map(|(sign, weight)| MapChoice {
            sign,
            weight,
            text: format!("a state{label}"),
        }),
    };
    let wall = || cell('#', None);
    MapLayer {
        label: label.to_owned(),
        rows: vec![
            vec![wall(), wall(), wall(), wall()],
            vec![
                wall(),
                cell(' ', Some((turn, 1.0))),
                cell(' ', Some((Sign::Up, 0.0))),
                wall(),
            ],
            vec![
                wall(),
                cell('G', None),
                cell('w', Some((Sign::Left, 0.25))),
                wall(),
            ],
        ],
    }
}
