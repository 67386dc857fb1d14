//! Pictures of states, as plain shapes: what the two clips of a report are drawn from.

/// What a shape stands for; the viewer chooses colours that fit its theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// The thing that acts.
    Agent,
    /// What is welcome.
    Good,
    /// What is unwelcome.
    Bad,
    /// Where the task ends as meant.
    Goal,
    /// What pays.
    Target,
    /// What cannot be crossed.
    Wall,
    /// Where things stand.
    Ground,
    /// Water, sky or empty space.
    Water,
    /// A course, a trail.
    Path,
    /// What is there but matters less.
    Muted,
    /// Writing.
    Text,
}

impl Ink {
    /// All of them with their names in files and style sheets; the order is that of their numbers in a picture's data.
    pub const ALL: [(Ink, &str); 11] = [
        (Ink::Agent, "agent"),
        (Ink::Good, "good"),
        (Ink::Bad, "bad"),
        (Ink::Goal, "goal"),
        (Ink::Target, "target"),
        (Ink::Wall, "wall"),
        (Ink::Ground, "ground"),
        (Ink::Water, "water"),
        (Ink::Path, "path"),
        (Ink::Muted, "muted"),
        (Ink::Text, "text"),
    ];

    /// Its place among all of them.
    #[must_use]
    pub fn number(self) -> usize {
        let place = Ink::ALL.iter().position(|(ink, _)| *ink == self);
        place.expect("the list holds every ink")
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Ink::ALL[self.number()].1
    }

    /// The ink of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Ink> {
        let (ink, _) = Ink::ALL.into_iter().find(|(_, known)| *known == name)?;
        Some(ink)
    }
}

/// One shape in world coordinates: x to the right, y upwards.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A filled polygon.
    Polygon {
        /// Corners in order.
        points: Vec<[f64; 2]>,
        /// Fill.
        ink: Ink,
    },
    /// A line through points.
    Line {
        /// Points in order.
        points: Vec<[f64; 2]>,
        /// Width in world units.
        width: f64,
        /// Stroke.
        ink: Ink,
    },
    /// A filled circle.
    Circle {
        /// Centre.
        center: [f64; 2],
        /// Radius in world units.
        radius: f64,
        /// Fill.
        ink: Ink,
    },
    /// A short piece of writing, centred.
    Text {
        /// Centre.
        at: [f64; 2],
        /// What it says.
        text: String,
        /// Height in world units.
        size: f64,
        /// Colour.
        ink: Ink,
    },
}

/// The part of the world that is seen, and what never moves.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Lower left corner.
    pub low: [f64; 2],
    /// Upper right corner.
    pub high: [f64; 2],
    /// Shapes that stay for the whole episode, drawn first.
    pub background: Vec<Shape>,
}

/// An axis-aligned rectangle.
#[must_use]
pub fn rectangle(low: [f64; 2], high: [f64; 2], ink: Ink) -> Shape {
    Shape::Polygon {
        points: vec![low, [high[0], low[1]], high, [low[0], high[1]]],
        ink,
    }
}
