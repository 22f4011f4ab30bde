/* What the pages' editor uses of CodeMirror 6; tools/keep/vendor.py bundles it. */
export { EditorState, Compartment } from "@codemirror/state";
export { EditorView, keymap, drawSelection } from "@codemirror/view";
export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
export { HighlightStyle, syntaxHighlighting, indentUnit, bracketMatching, indentOnInput } from "@codemirror/language";
export { python } from "@codemirror/lang-python";
export { tags } from "@lezer/highlight";
