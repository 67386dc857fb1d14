//! Broken CSV, and what is no file of demonstrations at all.

use crate::Broken;

pub(crate) fn files() -> Vec<Broken> {
    let broken = |name, broken, says, text: &str| Broken {
        name,
        broken,
        says,
        bytes: text.as_bytes().to_vec(),
    };
    let head = "episode,step,observation_0,action_0,reward,end\n";
    let rows = |rows: &str| format!("{head}{rows}");
    let mut files = vec![
        broken("empty.csv", "nothing", "is no file of demonstrations", ""),
        broken(
            "words.csv",
            "another text",
            "is no file of demonstrations",
            "once upon a time\n",
        ),
        broken(
            "names.csv",
            "no column of observations",
            "line 1: there is no column observation_0",
            "episode,action_0\n",
        ),
        broken(
            "twice.csv",
            "a column twice",
            "line 1: the column action_0 occurs twice",
            "episode,observation_0,action_0,action_0\n",
        ),
        broken(
            "about.csv",
            "a first line of another format",
            "line 1: its format is \"zip\"",
            "# {\"format\":\"zip\"}\nepisode\n",
        ),
        broken(
            "word.csv",
            "a word for a number",
            "line 3: field 3 is \"far\", not a number",
            &rows("0,0,1,1,1,\n0,1,far,1,1,\n"),
        ),
        broken(
            "fields.csv",
            "a field too few",
            "line 2: it has 5 fields for 6 columns",
            &rows("0,0,1,1,1\n"),
        ),
        broken(
            "step.csv",
            "a step that is missing",
            "line 3: its step is 2 where 1 belongs",
            &rows("0,0,1,1,1,\n0,2,1,1,1,\n"),
        ),
        broken(
            "final.csv",
            "no line of the final observation",
            "line 3: the episode before this line",
            &rows("0,0,1,1,1,terminated\n1,0,1,,,\n"),
        ),
        broken(
            "stops.csv",
            "cut off after a line",
            "line 2: the file ends before",
            &rows("0,0,1,1,1,\n"),
        ),
        broken(
            "end.csv",
            "an end of another word",
            "line 2: its end is \"yes\"",
            &rows("0,0,1,1,1,yes\n0,1,1,,,\n"),
        ),
        broken(
            "infinite.csv",
            "an infinite reward",
            "reward -inf of step 0 is not finite",
            &rows("0,0,1,1,-inf,\n0,1,1,,,\n"),
        ),
    ];
    files.push(Broken {
        name: "line.csv",
        broken: "a line of 20 MB",
        says: "line 2: it is longer than 16777216 bytes",
        bytes: rows(&"1,".repeat(10_000_000)).into_bytes(),
    });
    files.push(Broken {
        name: "bytes.csv",
        broken: "bytes that are no text",
        says: "line 2: it is no UTF-8 text",
        bytes: [head.as_bytes(), b"0,0,\xff\xfe,1,1,\n"].concat(),
    });
    files
}
