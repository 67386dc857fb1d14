//! What a reader of a check can observe, on paper and in a terminal.

use expect_test::{Expect, expect};
use report::check_page;
use report::terminal::{Style, check as text};

use crate::check_sample::check as page;
use crate::markup::tags;

const PLAIN: Style = Style {
    width: 80,
    color: false,
    unicode: true,
};

fn check(actual: &str, expected: &Expect) {
    for line in actual.lines() {
        assert_eq!(line, line.trim_end(), "no blanks at the end of a line");
    }
    expected.assert_eq(actual);
}

#[test]
fn maps_stand_side_by_side_as_far_as_they_fit() {
    check(
        &text(&page(""), &PLAIN),
        &expect![[r#"
            ✗ unsound  invented: reward against intent
              Optimising reward can lose 80% of what intent can give. Every number on this
              page is made up.

              mend        Pay less for waiting.

              optimal for reward        optimal for reward        and 3 more layers
              ████████                  after the switch
              ██↓ · ██                  ████████
              ██G ← ██                  ██w · ██
                                        ██G ← ██

              optimal for intent        optimal for intent        and 3 more layers
              ████████                  after the switch
              ██→ · ██                  ████████
              ██G ← ██                  ██w · ██
                                        ██G ← ██
              legend      w wait, G goal
              Several states share a cell.

              return of the policy  under reward  under intent
              optimal for reward            12.5            −3
              optimal for intent               4             9

            ✗ optimum     an answer
                          · a place
            ✓ shaping     an answer
                          · a place
            ? tampering   an answer
                          · a place
              hackable    an answer
                          · a place
              checked     discount 0.99
        "#]],
    );
}

#[test]
fn a_terminal_of_old_gets_ascii_in_its_width() {
    let style = Style {
        width: 50,
        unicode: false,
        ..PLAIN
    };
    let shown = text(&page(""), &style);
    assert!(shown.is_ascii(), "{shown}");
    assert!(shown.lines().all(|line| line.len() <= 50), "{shown}");
    assert!(
        shown.contains("##v ^ ##") || shown.contains("##v . ##"),
        "{shown}"
    );
}

#[test]
fn text_from_data_cannot_steer_a_terminal() {
    let style = Style {
        color: true,
        ..PLAIN
    };
    let shown = text(&page("\u{1b}[2J\u{202e}\r\n"), &style);
    assert!(!shown.contains("\u{1b}[2J") && !shown.contains('\u{202e}') && !shown.contains('\r'));
}

#[test]
fn the_page_is_whole_and_text_from_data_is_text() {
    let hostile = "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
    for content in ["", hostile] {
        let html = check_page(&page(content));
        let tags = tags(&html).unwrap();
        let scripts = tags.iter().filter(|tag| tag.name == "script").count();
        assert_eq!(scripts, 1, "the page's own");
        assert!(tags.iter().all(|tag| tag.name != "img"));
        // What the tag reader takes for one attribute holds no quote that would end it.
        assert!(tags.iter().all(|tag| !tag.attributes.contains("\"'&")));
    }
}

#[test]
fn signs_of_actions_are_arrows_or_letters_of_their_own() {
    let names = ["up", "west", "pickup", "put down", "press", "noop"].map(str::to_owned);
    let (signs, legend) = report::Sign::of_actions(&names);
    let letters: String = legend.iter().map(|(letter, _)| letter).collect();
    assert_eq!(letters, "purn");
    assert_eq!(signs[..2], [report::Sign::Up, report::Sign::Left]);
    assert_eq!(legend[1], ('u', "put down".to_owned()));
    let many: Vec<String> = (0..40).map(|action| format!("action {action}")).collect();
    let (signs, legend) = report::Sign::of_actions(&many);
    assert_eq!((signs.len(), legend.len()), (40, 40));
}
