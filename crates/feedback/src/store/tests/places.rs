//! Where stores are made for tests, and what no store can be made of.

use super::*;

/// The variable that names a PostgreSQL server on which tests may make schemas.
#[cfg(feature = "postgres")]
const SERVER: &str = "REWARDLAB_POSTGRES";

/// Runs a test on a new place of each database that is there.
pub(super) fn on_each(test: impl Fn(&str)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(STORE_FILE);
    test(file.to_str().unwrap());
    #[cfg(feature = "postgres")]
    on_server(test);
}

#[cfg(feature = "postgres")]
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn on_server(test: impl Fn(&str)) {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let Ok(address) = std::env::var(SERVER) else {
        eprintln!(
            "skipped on PostgreSQL: {SERVER} names no server; `cargo xtask postgres` starts one"
        );
        return;
    };
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let schema = format!("test_{}_{number}", std::process::id());
    let mut client = ::postgres::Client::connect(&address, ::postgres::NoTls).unwrap();
    client
        .batch_execute(&format!("CREATE SCHEMA {schema}"))
        .unwrap();
    let separator = if address.contains('?') { '&' } else { '?' };
    test(&format!(
        "{address}{separator}options=-csearch_path%3D{schema}"
    ));
    client
        .batch_execute(&format!("DROP SCHEMA {schema} CASCADE"))
        .unwrap();
}

fn opened(place: &Path) -> Result<Store, Error> {
    Store::open(place.to_str().unwrap())
}

#[test]
fn opens_what_is_a_store_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.sqlite");
    let place = file.to_str().unwrap();
    assert!(matches!(opened(&file), Err(Error::NoStore { .. })));
    assert!(!file.exists());
    assert!(matches!(opened(folder.path()), Err(Error::NoStore { .. })));
    std::fs::write(
        &file,
        "id,text\n1,a text that is long enough to be no header\n",
    )
    .unwrap();
    for result in [opened(&file), Store::create(place)] {
        let error = result.unwrap_err().to_string();
        assert!(
            error.ends_with("it is no store, or damaged: name another, or take a copy"),
            "{error}"
        );
    }
    std::fs::remove_file(&file).unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other
        .execute_batch("CREATE TABLE feedback_store (id, version)")
        .unwrap();
    for result in [opened(&file), Store::create(place)] {
        assert!(matches!(result, Err(Error::NotAStore { .. })));
    }
    let within = folder.path().join(STORE_FILE);
    drop(Store::create(within.to_str().unwrap()).unwrap());
    assert!(opened(folder.path()).is_ok());
    let newer = rusqlite::Connection::open(&within).unwrap();
    newer
        .execute_batch("UPDATE feedback_store SET version = 99")
        .unwrap();
    for result in [opened(&within), Store::create(within.to_str().unwrap())] {
        let error = result.unwrap_err().to_string();
        assert!(
            error.contains("is of version 99, this program reads version 1"),
            "{error}"
        );
    }
}

#[test]
fn survives_a_damaged_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.sqlite");
    let store = Store::create(file.to_str().unwrap()).unwrap();
    let queue = queue_of(&store, &QueueSettings::named("q"), 20);
    for _ in 0..10 {
        let lease = store.lease(queue, "ann", 0, MINUTE).unwrap().unwrap();
        store
            .answer(lease.token, "ann", &said(Preference::First), None, 0)
            .unwrap();
    }
    drop(store);
    let whole = std::fs::read(&file).unwrap();
    let damaged = folder.path().join("b.sqlite");
    for index in (0..whole.len()).step_by(whole.len() / 60) {
        let mut bytes = whole.clone();
        let end = (index + 7).min(bytes.len());
        bytes[index..end].fill(0xa5);
        std::fs::write(&damaged, &bytes).unwrap();
        // Some damage is not seen: a byte of a text. None may bring the program down.
        if let Ok(store) = opened(&damaged) {
            let _ = store.queues();
            let _ = store.comparisons(None);
            let _ = store.lease(queue, "ann", 0, MINUTE);
        }
    }
    for length in [0, 15, 16, 99, 100, 512, 4096, whole.len() - 4096] {
        std::fs::write(&damaged, &whole[..length]).unwrap();
        assert!(
            opened(&damaged)
                .and_then(|store| store.comparisons(None))
                .is_err(),
            "{length}"
        );
    }
}

#[cfg(not(feature = "postgres"))]
#[test]
fn says_that_it_was_built_without_postgres() {
    let error = Store::open("postgres://localhost/rewardlab").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("build with the feature `postgres`")
    );
}

#[cfg(feature = "postgres")]
#[test]
fn keeps_passwords_to_itself() {
    for address in [
        "postgres://ann:secret@127.0.0.1:1/lab?connect_timeout=1",
        "postgres://ann:secret@127.0.0.1:1/lab?sslmode=require",
        "postgres://ann:secret@127.0.0.1:1/lab?password=secret&nonsense=secret",
    ] {
        let error = Store::open(address).unwrap_err();
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text.push_str(&error.to_string());
            cause = error.source();
        }
        assert!(!text.contains("secret"), "{text}");
    }
}
