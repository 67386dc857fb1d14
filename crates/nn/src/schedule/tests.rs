//! Schedules at their ends and between.

use super::Schedule;

#[test]
fn schedules_go_where_they_say() {
    for progress in [-1.0, 0.0, 0.3, 1.0, 2.0] {
        assert_eq!(Schedule::Constant(0.2).at(progress), 0.2);
    }
    let linear = Schedule::LinearToZero(4.0);
    assert_eq!(
        [-1.0, 0.0, 0.25, 1.0, 2.0].map(|p| linear.at(p)),
        [4.0, 4.0, 3.0, 0.0, 0.0]
    );
}
