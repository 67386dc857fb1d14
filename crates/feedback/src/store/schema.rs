//! The tables, as docs/feedback.md describes them.

/// The version of the tables.
pub(super) const VERSION: i64 = 1;

/// Makes what is not there yet. Times are milliseconds since 1970 (UTC), flags 0 or 1.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS feedback_store (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS feedback_queue (
    id {key},
    name TEXT NOT NULL UNIQUE,
    instructions TEXT NOT NULL,
    wanted BIGINT NOT NULL,
    most_skips BIGINT,
    is_closed BIGINT NOT NULL DEFAULT 0,
    made_at BIGINT NOT NULL,
    revision BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS feedback_item (
    id {key},
    queue BIGINT NOT NULL REFERENCES feedback_queue (id),
    name TEXT NOT NULL,
    form TEXT NOT NULL,
    content TEXT NOT NULL,
    traits TEXT NOT NULL,
    segment {bytes},
    UNIQUE (queue, name)
);
CREATE TABLE IF NOT EXISTS feedback_question (
    id {key},
    queue BIGINT NOT NULL REFERENCES feedback_queue (id),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    low DOUBLE PRECISION,
    high DOUBLE PRECISION,
    step DOUBLE PRECISION,
    prompt TEXT NOT NULL,
    priority BIGINT NOT NULL,
    wanted BIGINT NOT NULL,
    n_answers BIGINT NOT NULL DEFAULT 0,
    n_skips BIGINT NOT NULL DEFAULT 0,
    is_open BIGINT NOT NULL DEFAULT 1,
    is_retired BIGINT NOT NULL DEFAULT 0,
    asked_at BIGINT NOT NULL,
    UNIQUE (queue, number)
);
CREATE INDEX IF NOT EXISTS feedback_question_next ON feedback_question (queue, priority DESC, id) WHERE is_open = 1;
CREATE TABLE IF NOT EXISTS feedback_question_item (
    question BIGINT NOT NULL REFERENCES feedback_question (id),
    place BIGINT NOT NULL,
    item BIGINT NOT NULL REFERENCES feedback_item (id),
    PRIMARY KEY (question, place)
);
CREATE TABLE IF NOT EXISTS feedback_lease (
    id {key},
    queue BIGINT NOT NULL REFERENCES feedback_queue (id),
    question BIGINT NOT NULL REFERENCES feedback_question (id),
    annotator TEXT NOT NULL,
    shown TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    is_open BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS feedback_lease_question ON feedback_lease (question) WHERE is_open = 1;
CREATE INDEX IF NOT EXISTS feedback_lease_annotator ON feedback_lease (queue, annotator) WHERE is_open = 1;
CREATE TABLE IF NOT EXISTS feedback_answer (
    id {key},
    queue BIGINT NOT NULL REFERENCES feedback_queue (id),
    revision BIGINT NOT NULL,
    question BIGINT NOT NULL REFERENCES feedback_question (id),
    annotator TEXT,
    lease BIGINT UNIQUE REFERENCES feedback_lease (id),
    said TEXT NOT NULL,
    rating DOUBLE PRECISION,
    best BIGINT,
    words TEXT,
    shown TEXT,
    at BIGINT,
    seconds DOUBLE PRECISION,
    withdrawn_at BIGINT,
    withdrawn_revision BIGINT,
    UNIQUE (queue, revision)
);
CREATE INDEX IF NOT EXISTS feedback_answer_question ON feedback_answer (question, annotator);
CREATE INDEX IF NOT EXISTS feedback_answer_annotator ON feedback_answer (queue, annotator, id);
CREATE INDEX IF NOT EXISTS feedback_answer_withdrawn ON feedback_answer (queue, withdrawn_revision)
    WHERE withdrawn_revision IS NOT NULL;
CREATE TABLE IF NOT EXISTS feedback_status (
    queue BIGINT PRIMARY KEY REFERENCES feedback_queue (id),
    at BIGINT NOT NULL,
    n_learned BIGINT NOT NULL,
    accuracy DOUBLE PRECISION,
    steps BIGINT NOT NULL,
    note TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS feedback_demonstration (
    id {key},
    queue BIGINT NOT NULL REFERENCES feedback_queue (id),
    path TEXT NOT NULL,
    digest TEXT NOT NULL,
    n_episodes BIGINT NOT NULL,
    annotator TEXT,
    at BIGINT,
    UNIQUE (queue, path, digest)
);
";
