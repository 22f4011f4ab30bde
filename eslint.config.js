// What make check asks of the book's hand-written JavaScript.
import js from "@eslint/js";
import globals from "globals";

const limits = {
  "max-len": ["error", { code: 120 }],
  "max-lines-per-function": ["error", { max: 60 }],
};

export default [
  { ignores: ["**/vendor/**", "_build/**", ".venv*/**", "my/**", "class/**"] },
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: "error" }, rules: {
    ...limits,
    "no-unused-vars": ["error", { varsIgnorePattern: "^_$", argsIgnorePattern: "^_$" }],     // `_` says: not used
  } },
  {
    files: ["learning_to_act/*.js", "learning_to_act/explorables/*.js", "eslint.config.js"],
    languageOptions: { sourceType: "module", globals: globals.browser },
  },
  {
    files: ["book/_static/**/*.js"],                  // classic scripts: a page opened from file:// loads no modules
    languageOptions: {
      sourceType: "script",
      globals: { ...globals.browser, pgWork: "readonly", pgSearch: "readonly" },
    },
  },
  {
    files: ["book/_static/python/worker.js", "lite/*.js"],
    languageOptions: { sourceType: "module", globals: globals.worker },
  },
];
