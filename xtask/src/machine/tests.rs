//! Tests of reading what the system says about itself.

use super::*;

#[test]
fn fields_are_read_from_what_linux_prints() {
    let text = "processor\t: 0\nmodel name\t: AMD EPYC\nmodel name\t: other\n";
    assert_eq!(field(text, "model name").as_deref(), Some("AMD EPYC"));
    assert_eq!(field(text, "flags"), None);
}

#[test]
fn memory_is_given_in_gibibytes() {
    assert_eq!(kibibytes_to_gib("25165824 kB"), Some(24.0));
    assert_eq!(kibibytes_to_gib("lots"), None);
}

#[test]
fn a_system_without_files_is_still_named() {
    assert_eq!(system("", ""), std::env::consts::OS);
    assert_eq!(
        system("ID=x\nPRETTY_NAME=\"Ubuntu 24.04\"\n", "6.1.0\n"),
        "Ubuntu 24.04, kernel 6.1.0"
    );
}
