//! `ripcs top`: a live view of all objects.

use std::io;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use self::model::{Kinds, Model, Order};
use self::screen::Screen;
use super::limits::measure_at;
use super::place::{NamespaceArgs, Place};
use super::scene::Scene;
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::census::Class;
use crate::sys::{fd, signal, stop};

mod model;
mod screen;
mod view;

#[derive(Debug, Args)]
pub(super) struct Top {
    /// Look this often
    #[arg(short, long, value_name = "DURATION", value_parser = args::interval, default_value = "2")]
    interval: Duration,

    /// Begin sorted by use, waiters, rate or name
    #[arg(long, value_name = "ORDER", default_value = "use", hide_possible_values = true)]
    sort: Order,

    #[command(flatten)]
    namespace: NamespaceArgs,
}

impl Verb for Top {
    const NAME: &'static str = "top";
    const ABOUT: &'static str = "Show all objects live on the whole screen: use, waiters, rates of change";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if !fd::is_terminal(fd::stdin()) || !fd::is_terminal(fd::stdout()) {
            bail!("top wants a terminal; ripcs watch and ripcs list do without");
        }
        let places = self.namespace.places(context)?;
        let mut model = Model::new(self.sort);
        self.look(&places, &mut model)?;
        signal::catch_endings().and_then(|()| stop::catch()).context("cannot catch signals")?;
        let mut screen = Screen::take().context("cannot take over the terminal")?;
        self.follow(&places, &mut model, &mut screen)?;
        Ok(Status::Done)
    }
}

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Draw,
    Look,
    /// Stop, and all that was started with us.
    Suspend,
    /// Stop: somebody has said so.
    Stop,
    /// Take the terminal over again.
    Resume,
    Quit,
}

impl Top {
    /// Looks and draws until the user or a signal ends it.
    fn follow(&self, places: &[Place], model: &mut Model, screen: &mut Screen) -> anyhow::Result<()> {
        let interval = format!("{}s", self.interval.as_secs_f64());
        let mut next = Instant::now() + self.interval;
        loop {
            screen.terminal.draw(|frame| view::draw(frame, model, &interval)).context("cannot draw")?;
            let event = wait(next)?;
            if signal::caught().is_some() {
                return Ok(());
            }
            let wish = match event {
                _ if stop::is_wanted() => Wish::Stop,
                _ if stop::is_over() => Wish::Resume,
                Some(Event::Key(key)) if key.kind != KeyEventKind::Release => press(model, key),
                Some(_) => Wish::Draw,
                None => Wish::Look,
            };
            match wish {
                Wish::Quit => return Ok(()),
                // The shell waits for all that it started with us.
                Wish::Suspend => stopped(screen, stop::obey_all)?,
                Wish::Stop => stopped(screen, stop::obey)?,
                // Whoever let us go on had the terminal meanwhile.
                Wish::Resume => stopped(screen, || Ok(()))?,
                Wish::Look if !(model.paused && event.is_none()) => {
                    self.look(places, model)?;
                    if event.is_some() {
                        screen.begin_anew().context("cannot draw")?;
                    }
                }
                Wish::Look | Wish::Draw => {}
            }
            if Instant::now() >= next {
                next = Instant::now() + self.interval;
            }
        }
    }

    fn look(&self, places: &[Place], model: &mut Model) -> anyhow::Result<()> {
        let mut scene = Scene::at(places.to_vec(), &Class::LASTING, self.namespace.is_all())?;
        scene.add_values();
        let census = scene.census(&Class::LASTING, None)?;
        model.update(&scene, &census, &measure_at(places, None)?);
        Ok(())
    }
}

/// The next key or change of the terminal's size; none when it is time to look, or a signal came.
fn wait(until: Instant) -> anyhow::Result<Option<Event>> {
    // What waits for keys goes on waiting when a signal interrupts it: so it is asked again and again.
    const SLICE: Duration = Duration::from_millis(50);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if signal::caught().is_some() || stop::is_pending() {
            return Ok(None);
        }
        if event::poll(left.min(SLICE)).context("cannot read keys")? {
            return event::read().map(Some).context("cannot read keys");
        }
        if left.is_zero() {
            return Ok(None);
        }
    }
}

/// Does what a key means to the view, and says what else it asks for.
fn press(model: &mut Model, key: KeyEvent) -> Wish {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Wish::Quit,
            KeyCode::Char('z') => Wish::Suspend,
            KeyCode::Char('l') => Wish::Look,
            _ => Wish::Draw,
        };
    }
    match key.code {
        KeyCode::Char('q') => return Wish::Quit,
        KeyCode::Char('h' | '?') => model.help = !model.help,
        KeyCode::Esc | KeyCode::Backspace | KeyCode::Left if model.help => model.help = false,
        KeyCode::Esc | KeyCode::Backspace | KeyCode::Left => model.open = None,
        KeyCode::Enter | KeyCode::Right => model.enter(),
        KeyCode::Up | KeyCode::Char('k') => model.step(-1),
        KeyCode::Down | KeyCode::Char('j') => model.step(1),
        KeyCode::PageUp => model.step(-10),
        KeyCode::PageDown => model.step(10),
        KeyCode::Home => model.step(isize::MIN),
        KeyCode::End => model.step(isize::MAX),
        KeyCode::Char('s') => model.order = model.order.next(),
        KeyCode::Char('u') => model.order = Order::Use,
        KeyCode::Char('w') => model.order = Order::Waiters,
        KeyCode::Char('r') => model.order = Order::Rate,
        KeyCode::Char('n') => model.order = Order::Name,
        KeyCode::Char('t') => (model.kinds, model.selected) = (Kinds::next(model.kinds), None),
        KeyCode::Char('p' | ' ') => model.paused = !model.paused,
        _ => {}
    }
    Wish::Draw
}

/// Gives the terminal back as the shell wants it while we are stopped.
fn stopped(screen: &mut Screen, stop: impl FnOnce() -> io::Result<()>) -> anyhow::Result<()> {
    let done = screen.lend(stop).context("cannot take over the terminal")?;
    // It is the end of this stop.
    stop::is_over();
    done.context("cannot stop")
}
