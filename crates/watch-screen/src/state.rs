//! What the screen shows.

use std::sync::Arc;

use watch_record::{ListenerDetails, Snapshot, WatchedListener};

use crate::column::Column;
use crate::order::{Order, rows};
use crate::page::{Page, Tab};
use crate::settings::ScreenSettings;
use crate::widths::{self, Widths};

/// What the screen shows: all that a frame depends on, besides its size.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) details: Option<Arc<ListenerDetails>>,
    pub(crate) is_paused: bool,
    pub(crate) order: Order,
    pub(crate) filter: String,
    /// What keys mean now.
    pub(crate) mode: Mode,
    /// The listeners in the table, as places in the snapshot.
    pub(crate) rows: Vec<usize>,
    /// The listener that is selected in the table.
    pub(crate) selected: Option<u64>,
    /// The row on top of the table.
    pub(crate) offset: usize,
    /// The listener of [`Page::Details`].
    pub(crate) opened: Option<Opened>,
    pub(crate) colour: bool,
    pub(crate) widths: Widths,
    /// The [`widths::identity`] of the listeners that have these widths.
    widths_of: u64,
    /// Lines of the table or page that are visible.
    pub(crate) visible: usize,
    /// The row that was selected last, for when its listener is gone.
    row: usize,
    /// The pages that Esc returns to and the present one, each with the line on its top.
    pages: Vec<(Page, usize)>,
}

/// What keys mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are commands.
    Commands,
    /// They are typed into the filter, which was this before.
    Filter { before: String },
    /// They choose an order: the one of this column.
    Orders { cursor: usize },
}

/// A listener whose details are shown.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    /// As it was last seen.
    pub(crate) listener: WatchedListener,
    /// It is no longer there.
    pub(crate) is_gone: bool,
    pub(crate) tab: Tab,
}

impl State {
    /// The table of this snapshot.
    pub fn new(settings: &ScreenSettings, snapshot: Arc<Snapshot>) -> Self {
        let mut state = Self {
            widths: Widths::default(),
            widths_of: 0,
            snapshot,
            details: None,
            is_paused: false,
            order: Order::TROUBLE,
            filter: settings.filter.clone(),
            mode: Mode::Commands,
            rows: Vec::new(),
            selected: None,
            offset: 0,
            opened: None,
            colour: settings.colour,
            visible: 1,
            row: 0,
            pages: vec![(Page::Listeners, 0)],
        };
        state.arrange();
        state
    }

    /// Takes new data unless the display is paused. Returns whether there is something new to
    /// draw.
    pub fn take(&mut self, snapshot: Arc<Snapshot>, details: Option<Arc<ListenerDetails>>) -> bool {
        if self.is_paused {
            return false;
        }
        let details = details.filter(|details| Some(details.id) == self.opened_listener());
        let are_new = match (&details, &self.details) {
            (Some(new), Some(old)) => !Arc::ptr_eq(new, old),
            (Some(_), None) => true,
            (None, _) => false,
        };
        if !are_new && Arc::ptr_eq(&snapshot, &self.snapshot) {
            return false;
        }
        // Those of a listener that is gone stay.
        if details.is_some() {
            self.details = details;
        }
        self.snapshot = snapshot;
        if let Some(opened) = &mut self.opened {
            let id = opened.listener.id;
            match self.snapshot.listeners.iter().find(|listener| listener.id == id) {
                Some(listener) => opened.listener = listener.clone(),
                None => opened.is_gone = true,
            }
        }
        self.arrange();
        true
    }

    /// The listener whose details are shown, for [`crate::Source::select`].
    pub fn opened_listener(&self) -> Option<u64> {
        self.opened.as_ref().map(|opened| opened.listener.id)
    }

    /// The present page and the line on its top.
    pub(crate) fn page(&self) -> (Page, usize) {
        *self.pages.last().expect("the table is always there")
    }

    /// The listener of a row of the table.
    pub(crate) fn listener(&self, row: usize) -> Option<&WatchedListener> {
        self.rows.get(row).map(|&index| &self.snapshot.listeners[index])
    }

    /// The row of the selected listener.
    pub(crate) fn selected_row(&self) -> Option<usize> {
        let id = self.selected?;
        self.rows.iter().position(|&index| self.snapshot.listeners[index].id == id)
    }

    pub(crate) fn select_row(&mut self, row: usize) {
        self.row = row.min(self.rows.len().saturating_sub(1));
        self.selected = self.listener(self.row).map(|listener| listener.id);
    }

    pub(crate) fn deselect(&mut self) {
        self.selected = None;
        self.row = 0;
        self.offset = 0;
    }

    pub(crate) fn set_order(&mut self, order: Order) {
        self.order = order;
        self.arrange();
    }

    pub(crate) fn set_filter(&mut self, filter: String) {
        self.filter = filter;
        self.arrange();
    }

    /// Shows a page above the present one, or the present one's again from its top.
    pub(crate) fn show(&mut self, page: Page) {
        match self.pages.iter().position(|&(shown, _)| shown == page) {
            Some(at) => self.pages.truncate(at + 1),
            None => self.pages.push((page, 0)),
        }
    }

    /// Leaves the present page. Returns whether there was one to leave.
    pub(crate) fn back(&mut self) -> bool {
        if self.pages.len() == 1 {
            return false;
        }
        self.pages.pop();
        if !self.pages.iter().any(|&(page, _)| page == Page::Details) {
            self.opened = None;
            self.details = None;
        }
        true
    }

    /// Opens the details of the selected listener, or of the first.
    pub(crate) fn open(&mut self) {
        if self.selected_row().is_none() {
            self.select_row(0);
        }
        let Some(listener) = self.selected_row().and_then(|row| self.listener(row)) else { return };
        let listener = listener.clone();
        self.opened = Some(Opened { listener, is_gone: false, tab: Tab::Connections });
        self.details = None;
        self.show(Page::Details);
    }

    /// Moves the top of a page of text; what is too far is corrected by [`State::settle`].
    pub(crate) fn scroll(&mut self, top: usize) {
        self.pages.last_mut().expect("the table is always there").1 = top;
    }

    /// Moves the top of the table or page so that it is full and has what is selected, if
    /// `visible` of its lines are seen and a page of text has `lines`.
    pub(crate) fn settle(&mut self, visible: usize, lines: usize) {
        self.visible = visible;
        if self.page().0 != Page::Listeners {
            let top = self.page().1.min(lines.saturating_sub(visible));
            return self.scroll(top);
        }
        if let Some(row) = self.selected_row() {
            self.offset = self.offset.clamp((row + 1).saturating_sub(visible), row);
        }
        self.offset = self.offset.min(self.rows.len().saturating_sub(visible));
    }

    /// Whether a column is that of the order.
    pub(crate) fn is_sorted_by(&self, column: Column) -> bool {
        self.order.column == column
    }

    fn arrange(&mut self) {
        self.rows = rows(&self.snapshot, &self.filter, self.order);
        let identity = widths::identity(&self.snapshot, &self.rows);
        if identity != self.widths_of {
            self.widths_of = identity;
            self.widths = Widths::new(&self.snapshot, &self.rows);
        }
        match self.selected_row() {
            Some(row) => self.row = row,
            // The one that has taken its place.
            None if self.selected.is_some() => self.select_row(self.row),
            None => {}
        }
    }
}
