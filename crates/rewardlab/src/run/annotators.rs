//! Who compares in a run: simulated annotators or people. Everything that is asked and answered is kept in a store, by
//! default in the run's own folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use feedback::{
    Annotator, AnnotatorConfig, Annotators, Answered, Change, Clip, Content, Judge, NewItem,
    NewQuestion, Question, QueueSettings, Reply, STORE_FILE, Said, SimulatedAnnotators, Status,
    Store, segment_to_bytes,
};
use mdp::{Seed, Segment};
use rl::{Arrays, PreferenceReport};

use crate::Error;
use crate::experiment::{AnnotatorChoice, AnnotatorKind, Experiment, Values};
use crate::registry::{self, Task};

/// Milliseconds after which an answer of a person counts: until then it can be taken back without the training having
/// learned from it.
const RECONSIDERED: i64 = 5_000;
/// Changes that are read at once.
const PAGE: usize = 10_000;

/// Where a run asks, once its folder is there.
pub(super) struct Desk {
    choice: AnnotatorChoice,
    /// What people are shown; none where nobody looks.
    pictures: Option<Pictures>,
    queue_name: String,
    opened: OnceLock<Opened>,
}

/// What clips are drawn with.
struct Pictures {
    task: Box<dyn Task>,
    seconds_per_step: f64,
}

struct Opened {
    store: Store,
    queue: i64,
}

/// Where people answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelPlace {
    /// The store: a file, or `postgres://…`.
    pub store: String,
    /// The queue in it.
    pub queue: String,
}

impl Desk {
    /// For an experiment that asks; none where nobody is asked.
    ///
    /// # Errors
    /// If people are asked about an environment that cannot be drawn.
    pub(super) fn of(experiment: &Experiment) -> Result<Option<Arc<Desk>>, Error> {
        let Some(choice) = &experiment.annotator else {
            return Ok(None);
        };
        let pictures = match choice.kind {
            AnnotatorKind::Simulated => None,
            AnnotatorKind::Human => Some(Pictures::of(experiment)?),
        };
        Ok(Some(Arc::new(Desk {
            choice: choice.clone(),
            pictures,
            queue_name: experiment.name.clone(),
            opened: OnceLock::new(),
        })))
    }

    /// Those who answer.
    ///
    /// # Errors
    /// If their settings do not fit together.
    pub(super) fn annotators(
        self: &Arc<Desk>,
        experiment: &Experiment,
    ) -> Result<Box<dyn Annotators>, Error> {
        let simulated = match self.choice.kind {
            AnnotatorKind::Human => None,
            AnnotatorKind::Simulated => Some(simulated(&self.choice, experiment)?),
        };
        Ok(match simulated {
            Some(simulated) => Box::new(Recorded {
                simulated,
                desk: Arc::clone(self),
                n_kept: 0,
            }),
            None => Box::new(People {
                desk: Arc::clone(self),
                revision: 0,
                next: 0,
                open: BTreeMap::new(),
            }),
        })
    }

    /// Opens the store, in the run's folder unless another place is named.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn open(&self, folder: &Path) -> Result<(), Error> {
        let own = folder.join(STORE_FILE);
        let own = own.to_string_lossy();
        let (place, queue_name) = match &self.choice.store {
            // Several runs of one experiment may share a store.
            Some(place) => (
                place.as_str(),
                format!("{}: {}", self.queue_name, folder.display()),
            ),
            None => (&*own, self.queue_name.clone()),
        };
        let store = Store::create(place)?;
        let settings = QueueSettings {
            instructions: self.choice.instructions.clone().unwrap_or_default(),
            // Who labels a run alone and skips a question is not asked it again.
            most_skips: Some(1),
            ..QueueSettings::named(queue_name)
        };
        let queue = match store.queue(&settings.name) {
            Ok(queue) => queue,
            Err(_) => store.add_queue(&settings, now())?,
        };
        let opened = Opened {
            store,
            queue: queue.id,
        };
        // A run opens its store once.
        let _ = self.opened.set(opened);
        Ok(())
    }

    /// Where people answer; none where nobody does.
    pub(super) fn label_place(&self) -> Option<LabelPlace> {
        let opened = self.opened.get()?;
        let queues = opened.store.queues().ok()?;
        let queue = queues.into_iter().find(|queue| queue.id == opened.queue)?;
        self.pictures.is_some().then(|| LabelPlace {
            store: self
                .choice
                .store
                .clone()
                .unwrap_or_else(|| opened.store.place().to_owned()),
            queue: queue.settings.name,
        })
    }

    /// Whether people answer, who take their time.
    pub(super) fn asks_people(&self) -> bool {
        self.pictures.is_some()
    }

    /// Tells annotators how far the training is.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub(super) fn tell(
        &self,
        report: &PreferenceReport,
        n_steps: u64,
        note: &str,
    ) -> Result<(), Error> {
        let opened = self.opened();
        let status = Status {
            at: now(),
            n_learned: report.n_learned_from as u64,
            accuracy: report.validation_accuracy.or(report.accuracy),
            steps: n_steps,
            note: note.to_owned(),
        };
        Ok(opened.store.set_status(opened.queue, &status)?)
    }

    /// Nothing more is asked.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub(super) fn close(&self) -> Result<(), Error> {
        let opened = self.opened();
        Ok(opened.store.set_closed(opened.queue, true)?)
    }

    fn opened(&self) -> &Opened {
        self.opened
            .get()
            .expect("a run opens its store before it asks")
    }
}

impl Pictures {
    fn of(experiment: &Experiment) -> Result<Pictures, Error> {
        let name = experiment.environment.name;
        let task = experiment.own_task()?;
        if task.scene().is_none() {
            return Err(Error::Environment(format!(
                "{name} cannot be drawn, so nobody can look at it; set annotator.kind to \"simulated\""
            )));
        }
        let entry = registry::find(name).expect("a checked experiment has a known environment");
        Ok(Pictures {
            task,
            seconds_per_step: entry.seconds_per_step,
        })
    }

    fn clip(&self, segment: &Segment) -> Clip {
        let frames = segment.states().map(|state| self.task.draw(state));
        let n_steps = segment.n_steps();
        Clip {
            scene: self.task.scene().expect("it was checked that there is one"),
            frames: frames.map(Option::unwrap_or_default).collect(),
            seconds_per_frame: self.seconds_per_step,
            description: format!(
                "{n_steps} steps, {:.1} seconds{}",
                n_steps as f64 * self.seconds_per_step,
                if segment.terminated.last() == Some(&true) {
                    ", ending with the episode"
                } else {
                    ""
                },
            ),
        }
    }
}

/// Simulated annotators with the errors of an experiment.
fn simulated(
    choice: &AnnotatorChoice,
    experiment: &Experiment,
) -> Result<SimulatedAnnotators, Error> {
    let environment = &experiment.environment;
    let judge = |name: &str| -> Arc<dyn Judge> {
        let mut judges = registry::judges(environment.name);
        let entry = judges.find(|entry| entry.name == name);
        Arc::from(
            entry
                .expect("a checked experiment names a judge")
                .make(&environment.settings),
        )
    };
    let mut annotator = Annotator::new(
        "simulated",
        judge(&choice.judge),
        config(choice.preset, &choice.settings)?,
    );
    annotator.appearance = choice.appearance_judge.as_deref().map(judge);
    let seed = Seed(experiment.seed).child("annotators", 0);
    Ok(SimulatedAnnotators::new(vec![annotator], seed)?)
}

fn config(preset: &str, values: &Values) -> Result<AnnotatorConfig, Error> {
    let mut config = AnnotatorConfig::preset(preset).expect("a checked experiment names a preset");
    for (key, value) in values.iter() {
        let number = value
            .as_number()
            .or(value.as_count().map(|count| count as f64));
        config.set(key, number.expect("the kind was checked"))?;
    }
    Ok(config)
}

/// Simulated annotators whose answers are kept.
struct Recorded {
    simulated: SimulatedAnnotators,
    desk: Arc<Desk>,
    /// Answers that are kept already.
    n_kept: usize,
}

impl Annotators for Recorded {
    fn ask(&mut self, questions: Vec<Question>) -> Result<(), feedback::Error> {
        let kept: Vec<NewQuestion> = questions
            .iter()
            .map(|question| {
                let item = |segment: &Segment| NewItem {
                    segment: Some(segment_to_bytes(segment)),
                    ..NewItem::of(Content::Text(format!("{} steps", segment.n_steps())))
                };
                NewQuestion::comparison(
                    question.number,
                    item(&question.first),
                    item(&question.second),
                )
            })
            .collect();
        self.simulated.ask(questions)?;
        let Opened { store, queue } = self.desk.opened();
        store.ask(*queue, &kept, now())?;
        let annotators = self.simulated.annotators();
        let said: Vec<Said> = self.simulated.records()[self.n_kept..]
            .iter()
            .map(|answer| Said {
                question: answer.question,
                reply: Reply::Preference(answer.preference),
                annotator: Some(annotators[answer.annotator].name.clone()),
                shown: Some(vec![0, 1]),
                at: None,
                seconds: None,
            })
            .collect();
        store.record(*queue, &said)?;
        self.n_kept += said.len();
        Ok(())
    }

    fn answers(&mut self) -> Result<Vec<Answered>, feedback::Error> {
        self.simulated.answers()
    }

    fn is_immediate(&self) -> bool {
        true
    }

    fn save(&self) -> Vec<u8> {
        self.simulated.save()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), feedback::Error> {
        self.simulated.restore(bytes)?;
        self.n_kept = self.simulated.records().len();
        Ok(())
    }
}

/// People, who look at clips and take their time.
///
/// # Design
/// Questions are numbered anew in the store: what was asked after the state that a run goes on from is asked of nobody any
/// more, and the training, which may have gone another way since, asks under fresh numbers.
struct People {
    desk: Arc<Desk>,
    /// The last change of the store that was read.
    revision: u64,
    /// The number that the next question has in the store.
    next: u64,
    /// Questions without an answer: the store's number, and the training's.
    open: BTreeMap<u64, u64>,
}

impl Annotators for People {
    fn ask(&mut self, questions: Vec<Question>) -> Result<(), feedback::Error> {
        let Opened { store, queue } = self.desk.opened();
        let pictures = self
            .desk
            .pictures
            .as_ref()
            .expect("people look at pictures");
        let mut asked = vec![];
        for question in &questions {
            let item = |segment: &Segment| NewItem {
                segment: Some(segment_to_bytes(segment)),
                ..NewItem::of(Content::Clip(pictures.clip(segment)))
            };
            asked.push(NewQuestion::comparison(
                self.next,
                item(&question.first),
                item(&question.second),
            ));
            self.open.insert(self.next, question.number);
            self.next += 1;
        }
        store.ask(*queue, &asked, now())
    }

    fn answers(&mut self) -> Result<Vec<Answered>, feedback::Error> {
        let Opened { store, queue } = self.desk.opened();
        let changes = store.changes(*queue, self.revision, PAGE)?;
        let settled = now() - RECONSIDERED;
        let mut answered = vec![];
        for (index, (revision, change)) in changes.iter().enumerate() {
            let Change::Answered(answer) = change else {
                self.revision = *revision;
                continue;
            };
            let is_taken_back = changes[index + 1..].iter().any(|(_, later)| {
                matches!(later, Change::Withdrawn(withdrawn) if withdrawn.revision == answer.revision)
            });
            if !is_taken_back {
                if answer.said.at.is_some_and(|at| at > settled) {
                    break;
                }
                if let (Reply::Preference(preference), Some(number)) =
                    (&answer.said.reply, self.open.remove(&answer.said.question))
                {
                    answered.push(Answered {
                        question: number,
                        preference: *preference,
                    });
                }
            }
            self.revision = *revision;
        }
        Ok(answered)
    }

    fn is_immediate(&self) -> bool {
        false
    }

    fn save(&self) -> Vec<u8> {
        let mut arrays = Arrays::default();
        arrays.put_u64("read", [self.revision, self.next]);
        arrays.put_u64(
            "open",
            self.open
                .iter()
                .flat_map(|(kept, asked)| [*kept, *asked])
                .collect::<Vec<u64>>(),
        );
        arrays.to_bytes()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), feedback::Error> {
        const NOT_THEIRS: feedback::Error = feedback::Error::SavedAnnotators {
            reason: "it is no record of what people were asked",
        };
        let mut arrays = Arrays::from_bytes(bytes).map_err(|_| NOT_THEIRS)?;
        let read = arrays.take_u64("read").map_err(|_| NOT_THEIRS)?;
        let open = arrays.take_u64("open").map_err(|_| NOT_THEIRS)?;
        let [revision, next] = read.try_into().map_err(|_| NOT_THEIRS)?;
        let Opened { store, queue } = self.desk.opened();
        let last = store.last_number(*queue)?.map_or(0, |last| last + 1);
        let later: Vec<u64> = (next..last).collect();
        store.retire(*queue, &later)?;
        self.revision = revision;
        self.next = next.max(last);
        self.open = open
            .chunks_exact(2)
            .map(|pair| (pair[0], pair[1]))
            .collect();
        Ok(())
    }
}

/// Milliseconds since 1970 (UTC).
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
