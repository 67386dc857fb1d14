//! Environments that know their own intent.

mod assistant;
mod best_of_n;
mod classic;
mod cleaning_robot;
mod coast_runners;
mod driving;
mod goals;
mod grasp;
mod gridworlds;
mod hopper;
mod mazes;
mod montezuma_rooms;
mod montezuma_screens;
mod nail_factory;
mod physics;
mod seals;
mod setting;
mod tampering;
mod toy_text;
mod walker;

pub use assistant::{
    Assistant, AssistantPolicy, AssistantReward, AssistantSettings, AssistantState,
};
pub use best_of_n::{BestOfN, best_of_n_curve};
pub use classic::{
    Acrobot, AcrobotReward, CartPole, MountainCar, MountainCarContinuous, Pendulum, PendulumReward,
};
pub use cleaning_robot::{CleaningPolicy, CleaningReward, CleaningRobot, Room};
pub use coast_runners::{Boat, CoastPilot, CoastReward, CoastRunners, Course};
pub use driving::{Drive, Driver, Driving, DrivingReward, DrivingView, OtherCar};
pub use goals::{
    BlockWords, BlocksState, CourierState, CourierTaxi, DoorsKeysGems, GemsState, GoalExpert,
    GoalProblem, MapError, Pursuit,
};
pub use grasp::{Cameras, Drawn, Grasp, GraspPolicy, GraspReward, GraspState, grasp_approval};
pub use gridworlds::{
    AbsentSupervisor, AbsentSupervisorState, Bandit, BoatRace, BoatRaceState, ConveyorBelt,
    ConveyorBeltState, ConveyorVariant, DistributionalShift, DistributionalShiftState,
    DrunkActions, FriendOrFoe, FriendOrFoeState, GRIDWORLD_TIME_LIMIT, GridworldPolicy,
    GridworldReward, IslandNavigation, IslandNavigationState, RocksAndDiamonds,
    RocksAndDiamondsState, SafeInterruptibility, SafeInterruptibilityState, ShiftMap,
    SideEffectsSokoban, SideEffectsSokobanState, Supervision, TomatoReturns, TomatoWatering,
    TomatoWateringState, WhiskyAndGold, WhiskyAndGoldState,
};
pub use hopper::{Hopper, HopperReward, HopperState, HopperTask, backflip_score};
pub use mazes::{
    Maze, MazeKind, MazePolicy, MazeReward, MazeSet, MazeSettings, MazeState, Mazes,
    search_from_goal,
};
pub use montezuma_rooms::{MontezumaRooms, RoomsPolicy, RoomsReward, RoomsState};
pub use montezuma_screens::{MontezumaScreens, Motion, ScreensPolicy, ScreensState};
pub use nail_factory::{FixedPlan, NailFactory, NailFactoryState, NailPolicy, NailReward};
pub use seals::{
    Branching, CliffWorld, CliffWorldSize, EarlyTermination, InitialShift, NoisyObservations,
    RandomTransitions, RiskyPath,
};
pub use setting::UnknownName;
pub use tampering::{
    Bed, Conduct, DriftingRecommender, FeedbackState, FunctionState, Load, RecommenderState,
    RegisterState, Remedy, SensorState, TamperedFeedback, TamperedFunction, TamperedRegister,
    TamperedSensor, TamperingPolicy, Wanted, Worker,
};
pub use toy_text::{
    CliffPolicy, CliffWalking, FrozenLake, FrozenLakeSettings, LakeMap, Taxi, TaxiDriver,
    TaxiSettings, TaxiState,
};
pub use walker::{Walker, WalkerReward, WalkerState, one_leg_score};

#[cfg(test)]
mod tests;
