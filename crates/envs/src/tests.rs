//! The pages about environments say what the code says.

/// The blocks of a language in a page of markdown.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let fence = format!("```{language}\n");
    page.split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn the_page_on_own_environments_quotes_its_examples() {
    let page = include_str!("../../../docs/own-environment.md");
    let examples = [
        include_str!("../examples/own_environment.rs"),
        include_str!("../examples/listed_environment.rs"),
    ];
    let blocks = blocks(page, "rust");
    assert!(blocks.len() >= 5);
    for block in blocks {
        let is_quoted = examples.iter().any(|example| example.contains(block));
        assert!(is_quoted, "not in the examples:\n{block}");
    }
}
