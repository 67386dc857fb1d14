//! A person plays in the terminal: keys where there are keys, one action a line where there are not.

use std::io::{BufRead, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, bail};
use console::{Key, Term};
use mdp::Space;

use super::game::{Game, Verdict, choice_of_arrow};
use super::picture;
use crate::command::rollout::{named_action, refused};

/// What a person wants.
enum Wish {
    Act(Vec<f32>),
    TakeBack,
    Keep,
    Drop,
    Quit,
}

/// Plays until enough episodes are kept, the person has had enough, or the lines end.
pub(super) fn play(
    game: &mut Game<'_>,
    lines: &mut dyn BufRead,
    judge: &mut dyn FnMut(Verdict<'_>) -> Result<()>,
) -> Result<()> {
    let screen = Term::stderr();
    let has_keys = std::io::stdin().is_terminal() && screen.is_term();
    let mut line_number = 0;
    while !game.has_ended() {
        if has_keys {
            show(game, &screen)?;
        }
        let wish = if has_keys && !game.choices().is_empty() {
            wish_of_key(game, &screen.read_key()?)
        } else {
            line_number += 1;
            wish_of_line(game, lines, line_number)?
        };
        match wish {
            Some(Wish::Act(action)) => {
                let is_taken = game.act(action);
                if !is_taken && !has_keys {
                    bail!(
                        "line {line_number}: the episode is over; write keep or drop before the next action"
                    );
                }
            }
            Some(Wish::TakeBack) => game.take_back(),
            Some(Wish::Keep) => game.next(true, judge)?,
            Some(Wish::Drop) => game.next(false, judge)?,
            Some(Wish::Quit) => break,
            None => {}
        }
    }
    Ok(())
}

/// Draws the situation on standard error; standard output is for the result.
fn show(game: &Game<'_>, screen: &Term) -> Result<()> {
    let trajectory = &game.recorded().trajectory;
    let task = game.task();
    screen.clear_screen()?;
    let (number, n_kept) = game.counts();
    let mut text = format!(
        "{}: episode {number}, {n_kept} kept, step {}, return {:.4}\n",
        game.environment(),
        trajectory.steps.len(),
        trajectory.reward_return()
    );
    let state = trajectory.states.last();
    if let (Some(scene), Some(shapes)) = (task.scene(), state.and_then(|state| task.draw(state))) {
        text += &picture::draw(&scene, &shapes).join("\n");
        text += &format!("\n{}\n", picture::LEGEND);
    } else if let Some(observation) = trajectory.observations.last() {
        text += &format!("observation {observation:?}\n");
    }
    let choices: Vec<String> = game
        .choices()
        .iter()
        .enumerate()
        .map(|(number, name)| format!("{number} {name}"))
        .collect();
    text += &match choices.as_slice() {
        [] => "numbers of the action with colons between, then Enter".to_owned(),
        choices => format!("{}; arrows where they fit", choices.join(", ")),
    };
    text += match game.is_over() {
        true => {
            "\nthe episode is over: k keeps it, d drops it, u takes the last step back, q ends the recording\n"
        }
        false => {
            "\nk keeps the episode as it is, d drops it, u takes the last step back, q ends the recording\n"
        }
    };
    let mut screen = screen;
    screen.write_all(text.as_bytes())?;
    Ok(())
}

fn wish_of_key(game: &Game<'_>, key: &Key) -> Option<Wish> {
    let choices = game.choices();
    let choice = |number: usize| (number < choices.len()).then(|| Wish::Act(vec![number as f32]));
    let arrow = |word| choice_of_arrow(&choices, word).and_then(choice);
    match key {
        Key::ArrowUp => arrow("up"),
        Key::ArrowDown => arrow("down"),
        Key::ArrowLeft => arrow("left"),
        Key::ArrowRight => arrow("right"),
        Key::Char('k') | Key::Enter if game.is_over() => Some(Wish::Keep),
        Key::Char('k') => Some(Wish::Keep),
        Key::Char('d') => Some(Wish::Drop),
        Key::Char('u') | Key::Backspace => Some(Wish::TakeBack),
        Key::Char('q') | Key::Escape | Key::CtrlC => Some(Wish::Quit),
        Key::Char(letter) => letter
            .to_digit(10)
            .and_then(|number| choice(number as usize)),
        _ => None,
    }
}

/// The wish of the next line; to quit where there is none. Empty lines and those that begin with # are none.
fn wish_of_line(game: &Game<'_>, lines: &mut dyn BufRead, number: u64) -> Result<Option<Wish>> {
    const LONGEST: u64 = 1 << 16;
    let mut line = String::new();
    let mut limited = std::io::Read::take(lines, LONGEST);
    let n = limited
        .read_line(&mut line)
        .with_context(|| format!("line {number}: cannot be read"))?;
    if n == 0 {
        return Ok(Some(Wish::Quit));
    }
    let word = line.trim();
    Ok(match word {
        "" => None,
        _ if word.starts_with('#') => None,
        "keep" => Some(Wish::Keep),
        "drop" => Some(Wish::Drop),
        "undo" => Some(Wish::TakeBack),
        "quit" => Some(Wish::Quit),
        word => Some(Wish::Act(action(game, word, number)?)),
    })
}

fn action(game: &Game<'_>, word: &str, line: u64) -> Result<Vec<f32>> {
    let (space, names) = (game.task().action_space(), game.task().action_names());
    let is_choice = matches!(space, Space::Discrete { .. });
    let named = named_action(word, names).filter(|_| is_choice);
    let action: Option<Vec<f32>> = match named {
        Some(number) => Some(vec![number as f32]),
        None => word
            .split(':')
            .map(|part| part.trim().parse().ok())
            .collect(),
    };
    match action.filter(|action| space.contains(action)) {
        Some(action) => Ok(action),
        None => bail!(
            "line {line}: {}; or keep, drop, undo, quit",
            refused(line as usize - 1, word, "is none", &space, names)
        ),
    }
}
