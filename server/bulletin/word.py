"""The bulletin as a Word document that the office can edit: styles, headings, page numbers.

Fonts are named as GB/T 9704 has them (仿宋, 黑体, 宋体); Word and WPS bring them along. The file
is the same bytes for the same bulletin: the library's clock is taken out of the archive.
"""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import escape

from server.bulletin.content import Bulletin
from server.bulletin.paper import Section, Table, head_line, sections, sign_off

if TYPE_CHECKING:
    from docx.document import Document as Paper
    from docx.text.paragraph import Paragraph

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BODY, HEAVY, SONG = "仿宋", "黑体", "宋体"
LATIN = "Times New Roman"
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
TEXT_MM = 156
TWIPS_PER_MM = 1440 / 25.4
RED = "C8102E"
GREY = "595959"


class Look(NamedTuple):
    """A paragraph style; sizes and distances in points."""

    name: str
    font: str
    size: float
    line: float
    before: float = 0
    after: float = 0
    bold: bool = False
    colour: str = "000000"
    centred: bool = False
    keeps: bool = False
    """Stays with the paragraph that follows."""
    indent: float = 0


LOOKS = (
    Look("Normal", BODY, 14, 26),
    Look("红头", SONG, 34, 46, 6, 6, bold=True, colour=RED, centred=True),
    Look("文号", BODY, 14, 26, centred=True),
    Look("发文行", BODY, 14, 26, 0, 18),
    Look("Title", SONG, 20, 32, 6, 4, bold=True, centred=True),
    Look("说明行", BODY, 11, 18, 0, 8, colour=GREY, centred=True),
    Look("Heading 1", HEAVY, 15, 28, 12, 4, keeps=True),
    Look("正文段", BODY, 14, 26, indent=28),
    Look("表题", HEAVY, 11, 18, 8, 4, centred=True, keeps=True),
    Look("表格文字", BODY, 10, 14),
    Look("表注", BODY, 10, 15, 2, 0, colour=GREY),
    Look("落款", BODY, 14, 26),
)
_WATERMARK = (
    '<w:r xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">'
    '<w:pict><v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" '
    'path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas><v:f eqn="sum #0 0 10800"/>'
    '<v:f eqn="prod #0 2 1"/><v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/>'
    '<v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/><v:f eqn="if @0 21600 @1"/>'
    '<v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/></v:formulas>'
    '<v:path textpathok="t" o:connecttype="rect"/><v:textpath on="t" fitshape="t"/>'
    '</v:shapetype><v:shape id="draft" type="#_x0000_t136" alt="草稿" '
    'style="position:absolute;width:400pt;height:160pt;rotation:315;z-index:-1;'
    "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
    'mso-position-vertical:center;mso-position-vertical-relative:margin" '
    'fillcolor="silver" stroked="f"><v:fill opacity=".5"/>'
    '<v:textpath style="font-family:&quot;黑体&quot;;font-size:1pt" string="草稿"/>'
    "</v:shape></w:pict></w:r>"
)


def bulletin_docx(told: Bulletin) -> bytes:
    """Return the bulletin as a .docx file."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN

    paper = docx.Document()
    _page(paper)
    _styles(paper)
    _properties(paper, told)
    _footer(paper)
    if told.is_draft:
        _watermark(paper)
    office, on = sign_off(told)
    paper.add_paragraph(told.masthead, "红头")
    paper.add_paragraph(told.number, "文号")
    _issuer(paper.add_paragraph(f"{office}\t{on}", "发文行"))
    paper.add_paragraph(told.title, "Title")
    paper.add_paragraph(head_line(told), "说明行")
    for part in sections(told):
        _section(paper, part)
        if part.heading.startswith("六"):
            for line in (office, on):
                signed = paper.add_paragraph(line, "落款")
                signed.alignment = ALIGN.RIGHT
    return _steady(paper)


def _page(paper: Paper) -> None:
    from docx.shared import Mm

    page = paper.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin = Mm(32), Mm(30)
    page.left_margin, page.right_margin = Mm(28), Mm(26)
    page.footer_distance = Mm(18)


def _styles(paper: Paper) -> None:
    """Set the paper's styles, Word's own ones among them so that headings make an outline."""
    from docx.enum.style import WD_STYLE_TYPE as KIND
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.shared import Pt

    known = {one.name for one in paper.styles}
    for look in LOOKS:
        style: Any = (
            paper.styles[look.name]
            if look.name in known
            else paper.styles.add_style(look.name, KIND.PARAGRAPH)
        )
        if look.name not in known:
            style.base_style = paper.styles["Normal"]
        _font(style, look)
        form = style.paragraph_format
        form.space_before, form.space_after = Pt(look.before), Pt(look.after)
        form.line_spacing = Pt(look.line)
        form.keep_with_next = look.keeps
        if look.centred:
            form.alignment = ALIGN.CENTER
        if look.indent:
            form.first_line_indent = Pt(look.indent)


def _font(style: Any, look: Look) -> None:
    """Name a style's fonts: without the East Asian one, Word shows Chinese in its default."""
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style.font.name, style.font.size, style.font.bold = LATIN, Pt(look.size), look.bold
    style.font.italic, style.font.color.rgb = False, RGBColor.from_string(look.colour)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        if fonts.get(qn(f"w:{name}")) is not None:
            del fonts.attrib[qn(f"w:{name}")]
    fonts.set(qn("w:eastAsia"), look.font)
    borders = style.element.get_or_add_pPr().find(qn("w:pBdr"))
    if borders is not None:
        style.element.get_or_add_pPr().remove(borders)


def _properties(paper: Paper, told: Bulletin) -> None:
    at = datetime(told.issued_on.year, told.issued_on.month, told.issued_on.day, tzinfo=UTC)
    kept = paper.core_properties
    kept.title, kept.author, kept.last_modified_by = told.title, told.office, told.office
    kept.created, kept.modified, kept.revision = at, at, 1
    kept.language, kept.comments, kept.subject = "zh-CN", "", told.number


def _footer(paper: Paper) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN

    line = paper.sections[0].footer.paragraphs[0]
    line.alignment = ALIGN.CENTER
    line.add_run("— ")
    for kind, text in (("begin", ""), ("", "PAGE"), ("separate", ""), ("", ""), ("end", "")):
        _field(line, kind, text)
    line.add_run(" —")


def _field(line: Paragraph, kind: str, text: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    run: Any = line.add_run("" if kind or text else "1")
    if kind:
        mark: Any = OxmlElement("w:fldChar")
        mark.set(qn("w:fldCharType"), kind)
        run._r.append(mark)
    elif text:
        code: Any = OxmlElement("w:instrText")
        code.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        code.text = text
        run._r.append(code)


def _watermark(paper: Paper) -> None:
    from docx.oxml import parse_xml

    line: Any = paper.sections[0].header.paragraphs[0]
    line.add_run("草稿：数字未冻结，不得引用")
    line._p.append(parse_xml(_WATERMARK))


def _issuer(line: Paragraph) -> None:
    """Office left, date right, a red line under them."""
    from docx.enum.text import WD_TAB_ALIGNMENT as TAB
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls
    from docx.shared import Mm

    line.paragraph_format.tab_stops.add_tab_stop(Mm(TEXT_MM), TAB.RIGHT)
    border = (
        f'<w:pBdr {nsdecls("w")}><w:bottom w:val="single" w:sz="18" w:space="4" '
        f'w:color="{RED}"/></w:pBdr>'
    )
    properties: Any = line._p.get_or_add_pPr()
    properties.insert_element_before(parse_xml(border), "w:shd", "w:tabs", "w:spacing", "w:jc")


def _section(paper: Paper, part: Section) -> None:
    heading = paper.add_paragraph(part.heading, "Heading 1")
    if part.heading.startswith("附件"):
        heading.paragraph_format.page_break_before = True
    for text in part.paragraphs:
        paper.add_paragraph(text, "正文段")
    if part.table is not None:
        _table(paper, part.table)
    for text in part.notes:
        paper.add_paragraph(f"· {text}", "表注")
    if part.table is not None and not part.notes:
        paper.add_paragraph("", "表注")  # Word wants a paragraph after a table


def _table(paper: Paper, table: Table) -> None:
    """Add a table as XML in one piece: cell by cell the library takes seconds for a county."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    if table.caption:
        paper.add_paragraph(table.caption, "表题")
    whole = sum(table.widths)
    widths = [round(TEXT_MM * TWIPS_PER_MM * one / whole) for one in table.widths]
    style = str(paper.styles["表格文字"].style_id)
    last = len(table.rows) - 1
    lines = [_row(table, table.head, widths, style, is_head=True)]
    lines += [
        _row(table, row, widths, style, bold=table.has_total and at == last)
        for at, row in enumerate(table.rows)
    ]
    columns = "".join(f'<w:gridCol w:w="{one}"/>' for one in widths)
    xml = (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="TableGrid"/>'
        f'<w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>'
        f"{columns}</w:tblGrid>{''.join(lines)}</w:tbl>"
    )
    body: Any = paper.element.body
    body.insert_element_before(parse_xml(xml), "w:sectPr")


def _row(
    table: Table, texts: tuple[str, ...], widths: list[int], style: str, *, is_head: bool = False,
    bold: bool = False,
) -> str:  # fmt: skip
    """A row that does not break over pages; the head comes again on every page."""
    marks = "<w:cantSplit/>" + ("<w:tblHeader/>" if is_head else "")
    if len(texts) == 1:
        cells = _cell(texts[0], sum(widths), style, bold=True, span=len(widths))
    else:
        cells = "".join(
            _cell(text, width, style, bold=is_head or bold, right=column in table.right)
            for column, (text, width) in enumerate(zip(texts, widths, strict=True))
        )
    return f"<w:tr><w:trPr>{marks}</w:trPr>{cells}</w:tr>"


def _cell(
    text: str, width: int, style: str, *, bold: bool, right: bool = False, span: int = 1
) -> str:  # fmt: skip
    merged = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    side = '<w:jc w:val="right"/>' if right else ""
    kept = "<w:keepNext/>" if span > 1 else ""  # a heading of rows stays with the first of them
    weight = "<w:rPr><w:b/></w:rPr>" if bold else ""
    lines = "<w:br/>".join(
        f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n")
    )
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{merged}<w:vAlign w:val="center"/>'
        f'</w:tcPr><w:p><w:pPr><w:pStyle w:val="{escape(style)}"/>{kept}{side}</w:pPr>'
        f"<w:r>{weight}{lines}</w:r></w:p></w:tc>"
    )


def _steady(paper: Paper) -> bytes:
    """Write the archive with one fixed time, so that the bytes follow from the content alone."""
    written, steady = io.BytesIO(), io.BytesIO()
    paper.save(written)
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(steady, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            new.writestr(entry, old.read(name))
    return steady.getvalue()
