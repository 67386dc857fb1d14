//! Tables come back as they were written, and each thing that is wrong is said at its line.

use std::fs;

use mdp::{End, Space};

use crate::samples::{about, round_trip, spaces, unit_box};
use crate::{Demonstrations, Error, Format, Limits, read};

#[test]
fn episodes_of_every_space_come_back() {
    for (observation_space, action_space) in spaces() {
        let mut about = about(observation_space, action_space);
        about.state_names = vec!["x".to_owned(), "speed of x".to_owned()];
        round_trip(Format::Csv, &[3, 0, 1, 20], &about, 2);
    }
    round_trip(Format::Csv, &[], &about(unit_box(&[2]), unit_box(&[1])), 0);
}

fn read_text(text: &str) -> Result<Demonstrations, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    fs::write(&path, text).unwrap();
    read(&path, &Limits::GENEROUS)
}

#[test]
fn a_table_of_somebody_else_is_read() {
    let text = "\u{feff}observation_1,episode,\"observation_0\",action_0,reward,end,note\r\n\
        2.5,first,1,0,1,,\r\n3,first,2,2,-0.5,truncated,\r\n0,first,3,,,,end\r\n\r\n1e1,second,4,,,,\r\n";
    let found = read_text(text).unwrap();
    assert_eq!(found.about.action_space, Space::Discrete { n: 3 });
    let Space::Continuous { low, .. } = &found.about.observation_space else {
        panic!("a fraction is no choice")
    };
    assert_eq!(low, &[f32::NEG_INFINITY; 2]);
    let first = found.trajectories.episode(0);
    assert_eq!(first.observations, [1.0, 2.5, 2.0, 3.0, 3.0, 0.0]);
    assert_eq!(first.actions, [0.0, 2.0]);
    assert_eq!(first.rewards, Some(&[1.0, -0.5][..]));
    assert_eq!(first.end, Some(End::Truncated));
    assert_eq!(found.trajectories.length(1), 0);
}

#[test]
fn what_is_wrong_is_said_at_its_line() {
    let head = "episode,step,observation_0,action_0,reward,end,success\n";
    let cases = [
        (
            "observation_0,action_0\n0,0\n",
            "is no file of demonstrations",
        ),
        (
            "episode,observation_1,action_0\n",
            ", line 1: there is no column observation_0",
        ),
        (
            "episode,observation_0,episode,action_0\n",
            ", line 1: the column episode occurs twice",
        ),
        ("# {\"format\": 3}\nepisode\n", ", line 1: its format is 3"),
        (
            "0,0,0.5,1,1,,\n",
            ", line 2: the file ends before the line of the last episode's final",
        ),
        (
            "0,0,0.5,1,1,,\n1,0,0,,,,\n",
            ", line 3: the episode before this line has no line of its final",
        ),
        (
            "0,0,0.5,x,1,,\n",
            ", line 2: field 4 is \"x\", not a number",
        ),
        ("0,0,,1,1,,\n", ", line 2: field 3 is nothing, not a number"),
        ("0,0,0.5,1,1\n", ", line 2: it has 5 fields for 7 columns"),
        ("0,1,0.5,1,1,,\n", ", line 2: its step is 1 where 0 belongs"),
        (
            "0,0,0.5,1,1,done,\n",
            ", line 2: its end is \"done\", not terminated or truncated",
        ),
        (
            "0,0,0.5,1,1,terminated,\n0,1,0,1,1,,\n",
            ", line 3: the episode goes on after its end",
        ),
        (
            "0,0,0.5,,1,,\n",
            ", line 2: field 5 is not empty, but this line has no action",
        ),
        (
            "0,0,0.5,,,,yes\n",
            ", line 2: its success is \"yes\", not 0 or 1",
        ),
        (
            "0,0,NaN,1,1,,\n0,1,0,,,,\n",
            ", episode 0: observation [NaN] of step 0 is not one continuous number",
        ),
        (
            "0,0,0.5,1,inf,,\n0,1,0,,,,\n",
            ", episode 0: reward inf of step 0 is not finite",
        ),
    ];
    for (text, message) in cases {
        let text = match text.starts_with("0,") && !text.starts_with("0,0\n") {
            true => format!("{head}{text}"),
            false => text.to_owned(),
        };
        let error = read_text(&text).unwrap_err().to_string();
        assert!(error.contains(message), "{text}\n{error}");
        assert!(error.contains("; "), "no mend in {error}");
    }
}

#[test]
fn a_line_without_an_end_is_not_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.csv");
    fs::write(&path, "episode,".repeat(3_000_000)).unwrap();
    let error = read(&path, &Limits::GENEROUS).unwrap_err().to_string();
    assert!(
        error.contains(", line 1: it is longer than 16777216 bytes"),
        "{error}"
    );
}
