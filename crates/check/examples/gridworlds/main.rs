//! The AI Safety Gridworlds: what is optimal for the reward, exactly, and what that is worth; and the robustness ones by
//! their own measure. Prints one JSON object.

mod horizon;
mod learning;
mod robustness;
mod specification;
mod tomatoes;

use serde_json::json;

fn main() {
    let printed = json!({
        "specification": specification::problems(),
        "unlisted": specification::unlisted(),
        "tomatoes": tomatoes::comparison(),
        "shift": robustness::shift(),
        "bandits": robustness::bandits(),
        "whisky": learning::whisky(),
        "island": learning::island(),
    });
    #[expect(clippy::print_stdout, reason = "an example prints")]
    {
        println!("{printed}");
    }
}
