//! Which column of a file holds what.

use std::collections::BTreeMap;

use parquet::basic::Type as PhysicalType;
use parquet::schema::types::SchemaDescriptor;

use super::{CHECKPOINT, END, INTENT, OBSERVATION, PLAYER, RECEIVED_REWARD, REWARD, STEP, SUCCESS};
use crate::error::shortened;

/// Positions of the columns, by what they hold.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) step: Option<usize>,
    pub(super) observations: Vec<usize>,
    /// Whether the one column of observations holds all numbers of each.
    pub(super) is_wide: bool,
    pub(super) actions: Vec<usize>,
    pub(super) states: Vec<usize>,
    pub(super) state_names: Vec<String>,
    pub(super) reward: Option<usize>,
    pub(super) intent: Option<usize>,
    pub(super) end: Option<usize>,
    pub(super) success: Option<usize>,
    pub(super) player: Option<usize>,
    pub(super) checkpoint: Option<usize>,
}

/// The most columns that are read.
pub(super) const MOST_COLUMNS: usize = 8192;

impl Layout {
    /// The layout of a schema, or what it lacks.
    pub(super) fn of(schema: &SchemaDescriptor) -> Result<Layout, String> {
        let mut places = BTreeMap::new();
        for (index, column) in schema.columns().iter().enumerate() {
            if places.insert(column.name(), index).is_some() {
                return Err(format!(
                    "the column {} occurs twice",
                    shortened(column.name())
                ));
            }
        }
        let place = |name: &str| places.get(name).copied();
        let numbered = |prefix: &str| -> Vec<usize> {
            (0..)
                .map_while(|index| place(&format!("{prefix}_{index}")))
                .collect()
        };
        let wide = place(OBSERVATION).filter(|index| {
            schema.column(*index).physical_type() == PhysicalType::FIXED_LEN_BYTE_ARRAY
        });
        let observations = wide.map_or_else(|| numbered(OBSERVATION), |index| vec![index]);
        let actions = numbered("action");
        for (what, columns) in [(OBSERVATION, &observations), ("action", &actions)] {
            if columns.is_empty() {
                return Err(format!("there is no column {what}_0"));
            }
        }
        let mut states = vec![];
        let mut state_names = vec![];
        for (index, column) in schema.columns().iter().enumerate() {
            if let Some(name) = column.name().strip_prefix("state_") {
                states.push(index);
                state_names.push(name.to_owned());
            }
        }
        let layout = Layout {
            step: place(STEP),
            observations,
            is_wide: wide.is_some(),
            actions,
            states,
            state_names,
            reward: place(REWARD).or_else(|| place(RECEIVED_REWARD)),
            intent: place(INTENT),
            end: place(END),
            success: place(SUCCESS),
            player: place(PLAYER),
            checkpoint: place(CHECKPOINT),
        };
        layout.check_types(schema)?;
        Ok(layout)
    }

    fn check_types(&self, schema: &SchemaDescriptor) -> Result<(), String> {
        let texts = self.end.iter().chain(&self.player);
        let wide = self.observations.iter().filter(|_| self.is_wide);
        let numbers = self
            .observations
            .iter()
            .filter(|_| !self.is_wide)
            .chain(&self.actions)
            .chain(&self.states)
            .chain(&self.step)
            .chain(&self.reward)
            .chain(&self.intent)
            .chain(&self.success)
            .chain(&self.checkpoint);
        let is_number = |kind| {
            use PhysicalType::{DOUBLE, FLOAT, INT32, INT64};
            [INT32, INT64, FLOAT, DOUBLE].contains(&kind)
        };
        check(schema, numbers, "numbers", is_number)?;
        check(schema, texts, "text", |kind| {
            kind == PhysicalType::BYTE_ARRAY
        })?;
        check(schema, wide, "bytes", |kind| {
            kind == PhysicalType::FIXED_LEN_BYTE_ARRAY
        })
    }

    /// Numbers of an observation.
    pub(super) fn n_observation(&self, schema: &SchemaDescriptor) -> Result<usize, String> {
        if !self.is_wide {
            return Ok(self.observations.len());
        }
        match usize::try_from(schema.column(self.observations[0]).type_length()) {
            Ok(n) if n % 4 == 0 && n > 0 => Ok(n / 4),
            _ => Err("the column observation is no row of numbers of 4 bytes".to_owned()),
        }
    }

    /// Whether columns hold whole numbers, which are choices, and not measures.
    pub(super) fn holds_choices(&self, schema: &SchemaDescriptor, columns: &[usize]) -> bool {
        let is_whole = |index: &usize| {
            let kind = schema.column(*index).physical_type();
            kind == PhysicalType::INT32 || kind == PhysicalType::INT64
        };
        columns.iter().all(is_whole)
    }
}

fn check<'i>(
    schema: &SchemaDescriptor,
    columns: impl Iterator<Item = &'i usize>,
    wanted: &str,
    is_wanted: impl Fn(PhysicalType) -> bool,
) -> Result<(), String> {
    for index in columns {
        let column = schema.column(*index);
        if !is_wanted(column.physical_type()) || column.max_rep_level() > 0 {
            return Err(format!(
                "the column {} holds {} and no {wanted}",
                shortened(column.name()),
                column.physical_type()
            ));
        }
    }
    Ok(())
}
