//! Who answers, and where are the answers kept?
//!
//! Whoever is asked ([`Annotators`]) is given [`Question`]s of two [`Segment`](mdp::Segment)s and answers each with a
//! [`Preference`]: at once where annotators are simulated, after a while where people answer in a browser.

mod analysis;
mod answer;
mod ask;
mod clip;
mod comparisons;
mod error;
mod files;
mod segment_bytes;
mod server;
mod simulated;
mod store;

pub use analysis::{
    Agreement, Analysis, AnalysisSettings, AnnotatorEstimate, AnnotatorShare, Cycles, DawidSkene,
    Design, Drift, Estimate, FeedbackCheck, FeedbackStatus, LengthBias, Metric, NoisyBradleyTerry,
    Pace, PlantedPlan, PlantedPoison, PlantedSet, PoisonKind, PoisonScan, PoisonTrigger,
    PositionBias, Repeats, Share, Suspect, analyze, krippendorff_alpha, planted_annotators,
    planted_trait,
};
pub use answer::{Answered, Preference};
pub use ask::{Annotators, Judge, Question};
pub use clip::{Clip, MOST_CLIP_FRAMES};
pub use comparisons::{Comparison, Comparisons, Item, Which};
pub use error::Error;
pub use files::{
    AnswerFormat, ReadRecords, Record, RecordItem, WriteRecords, create_records, open_records,
};
pub use segment_bytes::{segment_from_bytes, segment_to_bytes};
pub use server::{
    Access, LabelServer, RequestRate, ServerConfig, Serving, Token, Tokens, check_reach,
};
pub use simulated::{
    ANNOTATOR_PRESETS, Annotator, AnnotatorConfig, AnnotatorSetting, Oracle, Poisoning,
    SimulatedAnnotators, SimulatedAnswer, Trigger, pool,
};
pub use store::{
    Answer, Asked, Change, Content, DemonstrationFile, ExportSettings, ImportPart, Imported, Kind,
    Lease, NewItem, NewQuestion, Progress, Queue, QueueSettings, Recorded, Reply, STORE_FILE, Said,
    Scale, Status, Store, StoredItem, is_address,
};
