//! What a reader of an inference can observe, on paper and in a terminal.

use expect_test::expect;
use report::terminal::{Style, inference as text};
use report::{InferencePage, Share, Shares, inference_page};

use crate::check_sample::check;
use crate::markup::tags;

const PLAIN: Style = Style {
    width: 60,
    color: false,
    unicode: true,
};

/// Everything made up, `content` in every text.
fn page(content: &str) -> InferencePage {
    let sample = check(content);
    let share = |name: &str, share: f64, text: &str| Share {
        name: format!("{name}{content}"),
        share,
        text: format!("{text}{content}"),
    };
    InferencePage {
        subject: format!("invented{content}"),
        question: format!("goals in demos.csv{content}"),
        is_settled: content.is_empty(),
        headline: format!("Home is wanted.{content}"),
        summary: vec![format!("Every number is made up.{content}")],
        facts: sample.facts.clone(),
        shares: vec![Shares {
            title: format!("what is wanted{content}"),
            note: content.to_owned(),
            rows: vec![
                share("home", 0.9, "90%"),
                share(
                    "a place with a name that is far too long for a bar",
                    0.1,
                    "10%",
                ),
                share("nowhere", 1e-9, "0%"),
                share("never", f64::NAN, "not known"),
            ],
        }],
        maps: sample.maps[..1].to_vec(),
        legend: sample.legend.clone(),
        map_note: sample.map_note.clone(),
        findings: sample.findings.clone(),
        settings: sample.settings.clone(),
        command: format!("rewardlab infer{content}"),
    }
}

#[test]
fn bars_stand_beside_their_names() {
    let shown = text(&page(""), &PLAIN);
    let head: Vec<&str> = shown.lines().take(8).collect();
    expect![[r#"
        ✓ inferred  invented: goals in demos.csv
          Home is wanted. Every number is made up.

          what is wanted
          home                    ██████████████████████   90%
          a place with a name t…  ██                       10%
          nowhere                 █                        0%
          never                                            not known"#]]
    .assert_eq(&head.join("\n"));
    assert!(shown.contains("legend      w wait, G goal"), "{shown}");
    assert!(shown.contains("✗ optimum     an answer"), "{shown}");
}

#[test]
fn a_narrow_terminal_of_old_is_kept_to() {
    let style = Style {
        width: 40,
        unicode: false,
        ..PLAIN
    };
    let shown = text(&page(""), &style);
    assert!(shown.contains("######"), "{shown}");
    assert!(
        shown.lines().all(|line| line.chars().count() <= 54),
        "{shown}"
    );
}

#[test]
fn text_from_data_is_text() {
    let hostile = "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
    for content in ["", hostile] {
        let html = inference_page(&page(content));
        let tags = tags(&html).unwrap();
        assert_eq!(tags.iter().filter(|tag| tag.name == "script").count(), 1);
        assert!(tags.iter().all(|tag| tag.name != "img"));
        assert!(html.contains("width=\"90.00\""));
        assert!(!html.contains("NaN"));
    }
    let shown = text(&page("\u{1b}[2J\u{202e}\r\n"), &PLAIN);
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}') && !shown.contains('\r'));
}
