"""What is written from something else: site, notebooks, exercises, figures, the PDF."""
