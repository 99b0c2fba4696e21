use super::*;
use crate::ipc::shm::SegmentStatus;
use crate::ipc::{Id, Mode, Permissions};

/// Numbers without a pattern, the same in every run: xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// A process that was or is: pids are given out again.
#[derive(Debug, Clone, Copy)]
struct Life {
    pid: i32,
    started: i64,
    ended: Option<i64>,
}

/// A segment, and the lives that made it and used it last.
#[derive(Debug)]
struct Played {
    segment: SegmentStatus,
    creator: usize,
    user: Option<usize>,
}

/// A world of few pids in which time passes.
#[derive(Debug)]
struct Play {
    now: i64,
    lives: Vec<Life>,
    segments: Vec<Played>,
}

fn segment(creator: i32, now: i64) -> SegmentStatus {
    SegmentStatus {
        id: Id::new(7).expect("not negative"),
        permissions: Permissions {
            key: None,
            uid: 4242,
            gid: 4242,
            creator_uid: 4242,
            creator_gid: 4242,
            mode: Mode::PRIVATE,
        },
        size: 1,
        attaches: 0,
        creator_pid: creator,
        last_pid: 0,
        attached: None,
        detached: None,
        changed: Some(now),
        removal_pending: false,
        locked: false,
        residence: None,
    }
}

impl Play {
    fn living(&self, dice: &mut Dice) -> Option<usize> {
        let living: Vec<usize> = (0..self.lives.len()).filter(|&life| self.lives[life].ended.is_none()).collect();
        (!living.is_empty()).then(|| living[usize::try_from(dice.below(living.len() as u64)).expect("small")])
    }

    /// One thing happens: a process starts or ends, makes a segment, attaches one or lets go of it, or time
    /// passes.
    fn step(&mut self, dice: &mut Dice) {
        let pid = i32::try_from(dice.below(6)).expect("small") + 100;
        match (dice.below(6), self.living(dice)) {
            (0, _) if !self.lives.iter().any(|life| life.pid == pid && life.ended.is_none()) => {
                self.lives.push(Life { pid, started: self.now, ended: None });
            }
            (1, Some(life)) => {
                self.lives[life].ended = Some(self.now);
                for played in self.segments.iter_mut().filter(|played| played.user == Some(life)) {
                    if played.segment.attaches > 0 {
                        played.segment.attaches = 0;
                        played.segment.detached = Some(self.now);
                    }
                }
            }
            (2, Some(life)) => {
                let segment = segment(self.lives[life].pid, self.now);
                self.segments.push(Played { segment, creator: life, user: None });
            }
            (3, Some(life)) if !self.segments.is_empty() => {
                let index = usize::try_from(dice.below(self.segments.len() as u64)).expect("small");
                let played = &mut self.segments[index];
                if played.segment.attaches == 0 {
                    played.user = Some(life);
                    played.segment.attaches = dice.below(2);
                    (played.segment.last_pid, played.segment.attached) = (self.lives[life].pid, Some(self.now));
                    played.segment.detached = Some(self.now);
                }
            }
            _ => self.now += i64::try_from(dice.below(3)).expect("small"),
        }
    }

    fn roster(&self) -> Roster {
        let living = self.lives.iter().filter(|life| life.ended.is_none());
        Roster(living.map(|life| (life.pid, Being { users: [4242; 3], started: life.started })).collect())
    }

    /// Whether somebody lives who made it or used it last, or has it.
    fn is_in_use(&self, played: &Played) -> bool {
        let lives = |life: usize| self.lives[life].ended.is_none();
        played.segment.attaches > 0 || lives(played.creator) || played.user.is_some_and(lives)
    }
}

#[test]
fn nothing_in_use_is_an_orphan_in_a_thousand_plays() {
    let (mut orphans, mut recycled) = (0, 0);
    for round in 1..=1000 {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(round));
        let mut play = Play { now: 1_000_000, lives: Vec::new(), segments: Vec::new() };
        for _ in 0..60 {
            play.step(&mut dice);
            let (census, roster) = (Census::default(), play.roster());
            let evidence = Evidence { census: &census, roster: &roster, namespace: 0, now: play.now };
            for played in &play.segments {
                let Some(verdict) = evidence.verdict(&Object::Segment(played.segment.clone())) else { continue };
                assert!(!play.is_in_use(played), "round {round}: {verdict:?} of {played:?} in {play:?}");
                orphans += 1;
                let again = |reason: &Reason| matches!(reason, Reason::CreatorRecycled(_) | Reason::UserRecycled(_));
                recycled += u32::from(verdict.reasons.iter().any(again));
            }
        }
        // A while after the last of them has ended, every segment is an orphan.
        play.now += 10;
        play.lives.iter_mut().for_each(|life| life.ended = Some(play.now));
        play.segments.iter_mut().for_each(|played| played.segment.attaches = 0);
        let (census, roster) = (Census::default(), play.roster());
        let evidence = Evidence { census: &census, roster: &roster, namespace: 0, now: play.now };
        let is_orphan = |played: &Played| evidence.verdict(&Object::Segment(played.segment.clone())).is_some();
        assert!(play.segments.iter().all(is_orphan), "round {round}");
    }
    assert!(orphans > 10_000 && recycled > 1000, "the plays have both: {orphans}, {recycled}");
}

#[test]
fn who_may_have_made_it_is_a_doubt() {
    let census = Census::default();
    let mut segment = segment(0, 1000);
    segment.creator_pid = 0;
    let object = Object::Segment(segment);
    let verdict = |beings: &[(i32, u32, i64)]| {
        let being = |&(pid, uid, started): &(i32, u32, i64)| (pid, Being { users: [uid; 3], started });
        let roster = Roster(beings.iter().map(being).collect());
        Evidence { census: &census, roster: &roster, namespace: 0, now: 2000 }.verdict(&object).expect("not in use")
    };
    assert_eq!(verdict(&[(1, 4242, 500)]).doubts, [Doubt::CreatorUnknown(1)]);
    assert_eq!(verdict(&[(1, 0, 500)]).doubts, []);
    assert!(verdict(&[(1, 0, 500)]).reasons.contains(&Reason::NoProcessOf(4242)));
    assert!(verdict(&[(1, 4242, 1500)]).reasons.contains(&Reason::NoOldProcessOf(4242)));
}
