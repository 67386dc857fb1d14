//! CSV, JSON Lines and monitor files that are in order, or nearly so.

use logs::{Mapping, RecordKind};

use crate::{Folder, intents, mapping, notes, pressures, proxies, read_one};

fn monitor(t_start: f64, rows: &str) -> String {
    format!("#{{\"t_start\": {t_start}, \"env_id\": \"X-v0\"}}\nr,l,t\n{rows}")
}

#[test]
fn separators_quotes_and_line_endings() {
    let expected = [1.5, -2.0];
    for text in [
        "step,proxy\n10,1.5\n20,-2\n",
        "step;proxy\n10;1.5\n20;-2\n",
        "step\tproxy\n10\t1.5\n20\t-2",
        "\u{feff}step,proxy\r\n10,1.5\r\n20,-2e0\r\n\r\n",
        "note,step,proxy\n\"a, \"\"b\"\"\nc\",10, 1.5\n,20,-2.0\n",
        "\n\n\"step\",\"proxy\"\n\"10\",\"1.5\"\n20,-2\n",
    ] {
        let log = read_one("a.csv", text.as_bytes(), &mapping("", "", "step")).expect(text);
        assert_eq!(proxies(&log), expected, "{text}");
        assert_eq!(pressures(&log), [10.0, 20.0], "{text}");
        assert_eq!(log.pressure_start(), 10.0);
    }
}

#[test]
fn json_keys_may_be_nested_and_rows_may_be_of_other_kinds() {
    let text = concat!(
        "{\"train\": {\"loss\": 1}, \"n\": 1}\n",
        "{\"eval\": {\"return\": 5, \"human.score\": 2}, \"n\": 2}\n",
        "{\"eval\": {\"return\": 6, \"human.score\": null}, \"n\": 3}\n",
        "{\"eval\": {\"return\": 7, \"human.score\": 4}, \"n\": 4}\n",
    );
    let asked = mapping("eval.return", "eval.human.score", "n");
    let log = read_one("a.jsonl", text.as_bytes(), &asked).expect("a log");
    assert_eq!(proxies(&log), [5.0, 7.0]);
    assert_eq!(intents(&log), [Some(2.0), Some(4.0)]);
    assert_eq!(pressures(&log), [2.0, 4.0]);
    assert!(notes(&log).contains("2 of 3 records"), "{}", notes(&log));
}

#[test]
fn lengths_are_summed_and_rows_are_counted_where_nothing_is_named() {
    let text = "proxy,intent,len\n1,1,5\n2,2,7\n";
    let by_length = Mapping {
        length: Some("len".to_owned()),
        ..Mapping::default()
    };
    let log = read_one("a.csv", text.as_bytes(), &by_length).expect("a log");
    assert_eq!(
        (pressures(&log), log.pressure_start()),
        (vec![5.0, 12.0], 0.0)
    );
    let log = read_one("a.csv", text.as_bytes(), &Mapping::default()).expect("a log");
    assert_eq!(pressures(&log), [1.0, 2.0]);
    assert!(notes(&log).contains("--pressure"), "{}", notes(&log));
}

#[test]
fn means_are_told_from_episodes_by_their_name_or_their_spread() {
    for (text, proxy, kind) in [
        ("pressure,proxy\n1,2\n", "", RecordKind::Episode),
        ("pressure,proxy,spread\n1,2,1\n", "", RecordKind::Mean),
        (
            "pressure,ep_rew_mean\n1,2\n",
            "ep_rew_mean",
            RecordKind::Mean,
        ),
    ] {
        let log = read_one("a.csv", text.as_bytes(), &mapping(proxy, "", "")).expect(text);
        assert_eq!(log.kind(), kind, "{text}");
    }
}

#[test]
fn a_killed_writer_leaves_a_cut_row_which_is_left_out_and_said() {
    for (name, text, expected) in [
        ("a.csv", "proxy,pressure\n1,10\n2,2", 2),
        ("a.csv", "proxy,pressure\n1,10\n2", 1),
        ("a.jsonl", "{\"proxy\": 1}\n{\"proxy\": 2}", 2),
        ("a.jsonl", "{\"proxy\": 1}\n{\"prox", 1),
    ] {
        let mapping = match expected {
            // A whole last row without a line ending counts; here its pressure would fall.
            2 if name == "a.csv" => mapping("", "", "proxy"),
            _ => Mapping::default(),
        };
        let log = read_one(name, text.as_bytes(), &mapping);
        let log = log.expect(text);
        assert_eq!(log.records().len(), expected, "{text}");
        assert_eq!(notes(&log).contains("cut off"), expected == 1, "{text}");
    }
    let text = monitor(5.0, "1,10,1.0\n2,10,2.0\n-3,10");
    let log = read_one("monitor.csv", text.as_bytes(), &Mapping::default()).expect("a log");
    assert_eq!(proxies(&log), [1.0, 2.0]);
    assert!(notes(&log).contains("no line ending"), "{}", notes(&log));
    // A number may be cut too: -300 would pass for -3.
    let text = monitor(5.0, "1,10,1.0\n2,10,2.0\n-3,10,3");
    let log = read_one("monitor.csv", text.as_bytes(), &Mapping::default()).expect("a log");
    assert_eq!(proxies(&log), [1.0, 2.0]);
}

#[test]
fn monitor_files_are_merged_by_absolute_time_and_by_resumed_part() {
    let folder = Folder::new(&[
        (
            "0.monitor.csv",
            monitor(100.0, "1,10,1.0\n3,10,3.0\n5,10,0.5\n").as_bytes(),
        ),
        (
            "1.monitor.csv",
            monitor(101.0, "2,5,0.5\n4,5,3.5\n6,5,0.6\n").as_bytes(),
        ),
    ]);
    let log = logs::read(&[folder.path().to_owned()], &Mapping::default()).expect("a log");
    assert_eq!(proxies(&log), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(pressures(&log), [10.0, 15.0, 25.0, 30.0, 40.0, 45.0]);
    assert!(notes(&log).contains("resumed"), "{}", notes(&log));
    assert!(!log.has_intent());
}

#[test]
fn another_column_of_a_monitor_file_may_be_proxy_or_intent() {
    let text = "#{\"t_start\": 0}\nr,l,t,shaped,goal\n1,1,1,10,100\n2,1,2,20,200\n";
    let log = read_one(
        "a.monitor.csv",
        text.as_bytes(),
        &mapping("shaped", "goal", ""),
    );
    let log = log.expect("a log");
    assert_eq!(proxies(&log), [10.0, 20.0]);
    assert_eq!(intents(&log), [Some(100.0), Some(200.0)]);
}

#[test]
fn several_tables_are_merged_in_order_of_pressure() {
    let folder = Folder::new(&[
        ("a.csv", b"pressure,proxy\n1,1\n3,3\n"),
        ("b.csv", b"pressure,proxy\n2,2\n4,4\n"),
        ("c.csv", b"len,proxy\n2,2\n4,4\n"),
        ("d.csv", b"len,proxy\n3,3\n4,4\n"),
    ]);
    let log = logs::read(&folder.paths(&["a.csv", "b.csv"]), &Mapping::default()).expect("a log");
    assert_eq!(proxies(&log), [1.0, 2.0, 3.0, 4.0]);
    let by_length = Mapping {
        length: Some("len".to_owned()),
        ..Mapping::default()
    };
    let log = logs::read(&folder.paths(&["c.csv", "d.csv"]), &by_length).expect("a log");
    assert_eq!(pressures(&log), [2.0, 5.0, 9.0, 13.0]);
}

#[test]
fn a_row_may_list_its_episodes() {
    let text = concat!(
        "{\"pressure\": 0, \"proxy\": 1.5, \"episodes\": {\"proxy\": [1, 2], \"intent\": [3, 4]}}\n",
        "{\"pressure\": 9, \"proxy\": 5, \"episodes\": {\"proxy\": [5], \"intent\": [6]}}\n",
    );
    let log = read_one("metrics.jsonl", text.as_bytes(), &Mapping::default()).expect("a log");
    assert_eq!(log.kind(), RecordKind::Episode);
    assert_eq!(log.proxy_name(), "episodes.proxy");
    assert_eq!(proxies(&log), [1.0, 2.0, 5.0]);
    assert_eq!(intents(&log), [Some(3.0), Some(4.0), Some(6.0)]);
    assert_eq!(pressures(&log), [0.0, 0.0, 9.0]);
    let means =
        read_one("metrics.jsonl", text.as_bytes(), &mapping("proxy", "", "")).expect("a log");
    assert_eq!(proxies(&means), [1.5, 5.0]);
    assert!(!means.has_intent());
}
