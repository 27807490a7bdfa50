"""The help window: contents, search, and pages that lead to each other and to the window's actions."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, QSize, Qt, QTimer, QUrl, pyqtSignal
from PyQt6.QtGui import (
    QDesktopServices,
    QImage,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QTextCursor,
    QTextDocument,
    QTextTable,
)
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from atm_viewer.views.help.pages import Page, fill, matching, pages

_NAME = Qt.ItemDataRole.UserRole
_MARGIN = 14  #: around a page [pixel]


class HelpBrowser(QTextBrowser):
    """Shows a page; pictures are no wider than it.

    Signals
    -------
    action_wanted(str)
        A link to an action of the window was clicked.
    """

    action_wanted = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.document().setDocumentMargin(_MARGIN)  # type: ignore[union-attr]  # never None
        self.anchorClicked.connect(self._follow)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(150)
        self._again.timeout.connect(self._fit)

    @property
    def page(self) -> str:
        """Name of the page that is shown."""
        return self.source().fileName().removesuffix(".md")

    def loadResource(self, kind: int, name: QUrl) -> QImage | str:
        """Read pages with their fields filled in, and pictures as wide as there is room."""
        path = self.source().resolved(name).toLocalFile()
        if kind == QTextDocument.ResourceType.ImageResource.value:
            return self._picture(path)
        try:
            with open(path, encoding="utf-8") as file:
                return fill(file.read())
        except OSError:
            return f"The help page {name.fileName()} is missing."

    def doSetSource(
        self, name: QUrl, kind: QTextDocument.ResourceType = QTextDocument.ResourceType.UnknownResource
    ) -> None:
        """Show a page with quiet tables and air around headings."""
        super().doSetSource(name, kind)
        self._polish()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit pictures into the new width once it stays."""
        super().resizeEvent(event)
        self._again.start()

    def _picture(self, path: str) -> QImage:
        picture = QImage(path)
        ratio = self.devicePixelRatioF()
        room = int((self.viewport().width() - 2 * _MARGIN - 4) * ratio)  # type: ignore[union-attr]  # never None
        # A picture is taken at twice the size at which it is read, so that it is sharp on a fine screen.
        width = min(int(picture.width() / 2 * ratio), room)
        if picture.isNull() or width <= 0:
            return picture
        scaled = picture.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
        scaled.setDevicePixelRatio(ratio)
        return scaled

    def _polish(self) -> None:
        document = self.document()
        assert document is not None
        once = QTextCursor(document)
        once.beginEditBlock()  # all is laid out once
        frames = document.rootFrame().childFrames()  # type: ignore[union-attr]  # never None
        for table in (frame for frame in frames if isinstance(frame, QTextTable)):
            form = table.format()
            form.setBorder(0)
            form.setCellPadding(3)
            form.setCellSpacing(2)
            table.setFormat(form)
        block = document.begin()
        while block.isValid():
            if block.blockFormat().headingLevel() > 1:
                airy = block.blockFormat()
                airy.setTopMargin(14)
                QTextCursor(block).setBlockFormat(airy)
            block = block.next()
        once.endEditBlock()

    def _fit(self) -> None:
        bar = self.verticalScrollBar()
        place = bar.value() if bar is not None else 0
        self.reload()
        if bar is not None:
            bar.setValue(place)

    def _follow(self, url: QUrl) -> None:
        if url.scheme() == "action":
            self.action_wanted.emit(url.path())
        elif url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)
        else:
            self.setSource(self.source().resolved(url))


class HelpWindow(QWidget):
    """Contents and search on the left, the page on the right.

    Parameters
    ----------
    parent : QWidget
        Window it belongs to.

    Signals
    -------
    action_wanted(str)
        A link to an action of the window was clicked.
    """

    action_wanted = pyqtSignal(str)

    def __init__(self, parent: QWidget):
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("ATM Viewer Help")
        self.search = QLineEdit()
        self.search.setAccessibleName("Search")
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("Search for pages that contain all these words (Ctrl+F)")
        self.contents = QListWidget()
        self.contents.setAccessibleName("Help pages")
        self.contents.setToolTip("Help pages")
        self.browser = HelpBrowser()
        self.browser.setAccessibleName("Help page")
        self.back_button = QPushButton("‹ Back")
        self.back_button.setToolTip("Go back (Alt+←)")
        self.forward_button = QPushButton("Forward ›")
        self.forward_button.setToolTip("Go forward (Alt+→)")
        self._arrange()
        self.search.textChanged.connect(self._list)
        self.search.returnPressed.connect(self._take_first)
        self.contents.currentItemChanged.connect(self._choose)
        self.browser.sourceChanged.connect(lambda url: self._mark(url.fileName().removesuffix(".md")))
        self.browser.action_wanted.connect(self.action_wanted)
        self.back_button.clicked.connect(self.browser.backward)
        self.forward_button.clicked.connect(self.browser.forward)
        self.browser.backwardAvailable.connect(self.back_button.setEnabled)
        self.browser.forwardAvailable.connect(self.forward_button.setEnabled)
        for keys, slot in (
            ("Ctrl+F", self.search.setFocus),
            ("Alt+Left", self.browser.backward),
            ("Alt+Right", self.browser.forward),
            ("Escape", self._leave),
        ):
            QShortcut(QKeySequence(keys), self, slot)
        self._list("")

    def show_page(self, name: str) -> None:
        """Show a page, in front of all windows."""
        page = next(page for page in pages() if page.name == name)
        self.show()
        self.raise_()
        self.activateWindow()
        self.browser.setSource(QUrl.fromLocalFile(str(page.path)))
        self.browser.setFocus()

    def sizeHint(self) -> QSize:
        """Wide enough for a page's pictures."""
        return QSize(1040, 720)

    def _arrange(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(6, 6, 0, 6)
        column.addWidget(self.search)
        column.addWidget(self.contents, 1)
        right = QWidget()
        page = QVBoxLayout(right)
        page.setContentsMargins(0, 6, 0, 0)
        buttons = QHBoxLayout()
        for button in (self.back_button, self.forward_button):
            button.setEnabled(False)
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        page.addLayout(buttons)
        page.addWidget(self.browser, 1)
        sides = QSplitter()
        sides.addWidget(left)
        sides.addWidget(right)
        sides.setStretchFactor(1, 1)
        sides.setSizes([240, 800])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(sides)
        self.resize(self.sizeHint())

    def _list(self, words: str) -> None:
        with QSignalBlocker(self.contents):
            self.contents.clear()
            for page in matching(words) if words.strip() else pages():
                self.contents.addItem(_item(page))
        self._mark(self.browser.page)

    def _mark(self, name: str) -> None:
        with QSignalBlocker(self.contents):
            for row in range(self.contents.count()):
                item = self.contents.item(row)
                if item is not None and item.data(_NAME) == name:
                    self.contents.setCurrentItem(item)

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            page = next(page for page in pages() if page.name == item.data(_NAME))
            self.browser.setSource(QUrl.fromLocalFile(str(page.path)))

    def _take_first(self) -> None:
        self._choose(self.contents.item(0))
        self.browser.find(self.search.text().strip())

    def _leave(self) -> None:
        if self.search.text():
            self.search.clear()
        else:
            self.close()


def _item(page: Page) -> QListWidgetItem:
    item = QListWidgetItem(page.title)
    item.setData(_NAME, page.name)
    return item
