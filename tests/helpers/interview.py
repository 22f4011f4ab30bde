"""The interview's questions, and its levels in the order of the pages: typed here, the site's own are held to them."""

from tools import contents

QUESTIONS = contents.questions()
LEVELS = ["screening", "whiteboard", "debugging", "language-models", "depth"]
