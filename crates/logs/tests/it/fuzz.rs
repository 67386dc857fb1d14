//! Random bytes, and damaged logs, through every reader: an answer or an error, never a panic.

use logs::{LogSettings, Mapping};
use mdp::Seed;
use proptest::prelude::*;

use crate::event_file::{record, scalar, version};
use crate::{mapping, read_one};

/// Reads the bytes under names and mappings that lead into every reader.
fn read_all(bytes: &[u8]) {
    let asked = [
        Mapping::default(),
        mapping("a", "b", "c"),
        mapping("proxy", "", "pressure"),
    ];
    for mapping in &asked {
        for name in ["x.csv", "x.tfevents"] {
            match read_one(name, bytes, mapping) {
                Ok(log) => {
                    assert!(!log.records().is_empty());
                    assert!(log.records().iter().all(|r| r.proxy.is_finite()));
                    assert!(log.records().is_sorted_by(|a, b| a.pressure <= b.pressure));
                    let series = log.series(20, 1);
                    let episodes = series.checkpoints.iter().map(|c| c.proxy.len());
                    assert_eq!(episodes.sum::<usize>(), log.records().len());
                    let outcome = logs::audit_log(&log, &LogSettings::default(), Seed(0));
                    if let Err(error) = outcome {
                        assert!(!error.to_string().contains('\n'), "{error}");
                    }
                }
                Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
            }
        }
    }
}

/// Pieces that the formats are made of, so that random text gets past the first line.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "#{\"t_start\": 1}\n",
        "r,l,t\n",
        "a,b,c\n",
        "proxy,pressure\n",
        "1",
        "-2.5",
        "1e308",
        "nan",
        ",",
        ",",
        ",",
        ";",
        "\n",
        "\n",
        "\n",
        "\"",
        "\r\n",
        "{",
        "}",
        "{\"proxy\": ",
        "\"a\": ",
        "{\"a\": 1, \"b\": 2, \"c\": 3}\n",
        "{\"episode\": 0, \"step\": 0, \"reward\": 1, \"end\": \"truncated\"}\n",
        "{\"episode\": 1, \"step\": 0, \"reward\": 1}\n",
        "{\"episode\": 1, \"step\": 1, \"reward\": 1, \"end\": \"terminated\", \"intent\": 2}\n",
        "{\"format\": \"rewardlab-step-log\", \"version\": 1}\n",
        "null",
        "[",
        "]",
        "é",
        "\u{feff}",
        " ",
        "\0",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

fn event_file() -> impl Strategy<Value = Vec<u8>> {
    let event = prop_oneof![
        Just(version()),
        (-2..20_i64, any::<f32>()).prop_map(|(step, value)| scalar(step, "a", value)),
        (-2..20_i64, -1.0..1.0_f32).prop_map(|(step, value)| scalar(step, "b", value)),
        prop::collection::vec(any::<u8>(), 0..60).prop_map(|payload| record(&payload)),
    ];
    prop::collection::vec(event, 0..20).prop_map(|events| events.concat())
}

/// A log in which some bytes were changed and the end may be cut off.
fn damaged(log: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let hits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (log, hits, any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(mut bytes, hits, end, cut)| {
            if !bytes.is_empty() {
                for (index, value) in hits {
                    let index = index.index(bytes.len());
                    bytes[index] = value;
                }
                if cut {
                    bytes.truncate(end.index(bytes.len()) + 1);
                }
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn random_text(bytes in damaged(text())) {
        read_all(&bytes);
    }

    #[test]
    fn random_event_files(bytes in damaged(event_file())) {
        read_all(&bytes);
    }
}
