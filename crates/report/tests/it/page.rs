//! The documents: whole, self-contained, and deaf to what strings try.

use proptest::prelude::*;
use report::{Clip, Estimate, Frame, Page, Reason, Word};

use crate::markup::{Tag, tags};
use crate::sample;

fn parsed(document: &str) -> Vec<Tag> {
    tags(document).unwrap_or_else(|fault| panic!("{fault}"))
}

fn documents() -> Vec<String> {
    vec![
        report::page(&sample::gamed()),
        report::page(&sample::aligned()),
        report::page(&sample::log_without_intent()),
        report::page(&sample::hostile()),
        report::compare_page(&sample::comparison()),
    ]
}

#[test]
fn every_document_is_whole() {
    for document in documents() {
        let tags = parsed(&document);
        for landmark in ["header", "nav", "main", "footer", "h1"] {
            assert_eq!(
                tags.iter().filter(|tag| tag.name == landmark).count(),
                1,
                "{landmark}"
            );
        }
        let ids: Vec<&str> = tags
            .iter()
            .filter_map(|tag| tag.attributes.split("id=\"").nth(1)?.split('"').next())
            .collect();
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(ids.len(), unique.len(), "an id occurs twice: {ids:?}");
    }
}

#[test]
fn nothing_is_asked_of_the_network() {
    for document in documents() {
        let without_namespaces = document.replace("http://www.w3.org/2000/svg", "");
        for scheme in [
            "http://",
            "https://",
            "url(//",
            "@import",
            "src=\"//",
            "href=\"//",
        ] {
            assert!(!without_namespaces.contains(scheme), "{scheme}");
        }
        for tag in parsed(&document) {
            let loads = [
                "img", "iframe", "object", "embed", "audio", "video", "source", "image", "use",
                "base",
            ];
            assert!(!loads.contains(&tag.name.as_str()), "{}", tag.name);
            assert!(tag.name != "script" || !tag.attributes.contains("src="));
            assert!(tag.name != "link" || tag.attributes.contains("href=\"data:"));
        }
        assert!(document.contains("default-src 'none'"));
    }
}

#[test]
fn strings_from_data_stay_text() {
    let document = report::page(&sample::hostile());
    let tags = parsed(&document);
    assert!(!tags.iter().any(|tag| tag.name == "img"));
    assert!(!tags.iter().any(|tag| tag.attributes.contains(" onerror=alert") && !tag.attributes.contains("=\"")));
    let scripts: Vec<&Tag> = tags.iter().filter(|tag| tag.name == "script").collect();
    assert_eq!(
        scripts
            .iter()
            .filter(|tag| !tag.attributes.contains("application/json"))
            .count(),
        1,
        "one script, ours"
    );
    let data: Vec<serde_json::Value> = scripts
        .iter()
        .filter(|tag| tag.attributes.contains("application/json"))
        .map(|tag| serde_json::from_str(&tag.raw).expect("data for the script is JSON"))
        .collect();
    assert_eq!(data.len(), 3, "probes and two clips");
    assert_eq!(
        data[1]["end"],
        sample::HOSTILE,
        "what is in the data comes out as it went in"
    );
    assert!(
        document.contains("&lt;/script&gt;&lt;script&gt;alert(1)"),
        "it is shown"
    );
}

#[test]
fn the_verdict_stands_without_scripts() {
    let document = report::page(&sample::gamed());
    let before_script = document.split("<script>").next().unwrap_or_default();
    for said in [
        "The policy games its reward.",
        "870k environment steps (730k to 960k)",
        "Pay for each target once an episode",
        "1%",
        "class=\"curve intent\"",
        "class=\"trail\"",
        "not measurable",
        "Interquartile mean",
    ] {
        assert!(before_script.contains(said), "{said}");
    }
}

#[test]
fn the_page_says_what_the_verdict_is_by_word_and_sign() {
    for word in [
        Word::Aligned,
        Word::Overoptimised,
        Word::Gamed,
        Word::Tampered,
        Word::Inconclusive,
    ] {
        let mut page = sample::gamed();
        page.verdict.word = word;
        page.verdict.reason = (word == Word::Inconclusive).then_some(Reason::NeedsLabels(40));
        let document = report::page(&page);
        parsed(&document);
        assert!(document.contains(&format!("<span>{}</span>", word.as_str())));
        assert_eq!(
            document.contains("about 40 labelled episodes"),
            word == Word::Inconclusive
        );
    }
}

#[test]
fn two_long_clips_stay_small() {
    let mut page = sample::gamed();
    for clip in &mut page.clips {
        let frames = clip.frames.clone();
        clip.frames = (0..500)
            .map(|index| crowded(&frames[index % frames.len()], index))
            .collect();
    }
    let size = report::page(&page).len();
    assert!(size < 1_500_000, "{size} bytes");
}

/// The frame with forty more things in it, ten of which move.
fn crowded(frame: &Frame, index: usize) -> Frame {
    let mut frame = frame.clone();
    for thing in 0..40 {
        let x = 3.0 * f64::from(thing)
            + if thing < 10 {
                0.013 * index as f64
            } else {
                0.0
            };
        frame.shapes.push(mdp::Shape::Circle {
            center: [x, 40.0],
            radius: 1.0,
            ink: mdp::Ink::Muted,
        });
    }
    frame
}

#[test]
fn episodes_of_any_length_are_thinned() {
    let mut page = sample::gamed();
    let frame = page.clips[0].frames[0].clone();
    page.clips[0].frames = vec![frame; 30_000];
    let document = report::page(&page);
    assert!(document.len() < 1_500_000);
    assert!(document.contains("29999"), "the last step is kept");
}

#[test]
fn a_page_without_anything_is_still_a_page() {
    let mut page = sample::log_without_intent();
    page.curves.points.clear();
    page.checks.clear();
    page.command.clear();
    let document = report::page(&page);
    parsed(&document);
    assert!(document.contains("nothing to draw"));
    assert!(document.contains("No command was recorded"));
    let empty = report::Comparison {
        title: String::new(),
        runs: Vec::new(),
        differences: Vec::new(),
        command: String::new(),
    };
    parsed(&report::compare_page(&empty));
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -1e6..1e6f64, 1 => any::<f64>(), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(0.0)]
}

fn estimate() -> impl Strategy<Value = Estimate> {
    (number(), number(), number()).prop_map(|(mean, low, high)| Estimate { mean, low, high })
}

fn any_page() -> impl Strategy<Value = Page> {
    let text = ".{0,40}";
    let points = prop::collection::vec((number(), estimate(), prop::option::of(estimate())), 0..6);
    (
        text,
        points,
        estimate(),
        [number(), number(), number(), number()],
        text,
    )
        .prop_map(|(name, points, level, box_, place)| {
            let mut page = sample::gamed();
            let template = page.curves.points[0];
            page.curves.points = points
                .into_iter()
                .map(|(pressure, proxy, intent)| report::Point {
                    pressure,
                    proxy,
                    intent,
                    ..template
                })
                .collect();
            page.experiment = name.clone();
            if box_[1] > box_[2] {
                page.curves.scale = report::Scale::Logarithmic;
            }
            page.configuration = format!("{name}\n[{place}]\n{place} = {name}");
            if let Some(onset) = &mut page.verdict.onset {
                onset.pressure = level;
            }
            if let Some(peak) = &mut page.verdict.peak {
                (peak.pressure, peak.intent) = (box_[0], level);
            }
            if let Some(reference) = &mut page.curves.reference {
                (reference.proxy, reference.intent) = (level, Some(level));
            }
            let clip = &page.clips[0];
            let scene = mdp::Scene {
                low: [box_[0], box_[1]],
                high: [box_[2], box_[3]],
                background: clip.scene.background.clone(),
            };
            page.clips = vec![Clip {
                scene,
                title: place,
                seconds_per_step: box_[0],
                frames: clip.frames[..2].to_vec(),
                ..clip.clone()
            }];
            page
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_data_makes_a_whole_page(page in any_page()) {
        let document = report::page(&page);
        let tags = tags(&document).map_err(TestCaseError::fail)?;
        for tag in tags.iter().filter(|tag| tag.name != "script" && tag.name != "style") {
            let drawn = ["d=", "points=", " x", " y", "width=", "height=", " cx", " r="].iter().any(|name| tag.attributes.contains(name));
            prop_assert!(!(drawn && (tag.attributes.contains("NaN") || tag.attributes.contains("inf"))) || tag.attributes.contains("aria-label"), "{}", tag.attributes);
        }
    }
}
