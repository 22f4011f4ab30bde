document.documentElement.classList.add("pg-js");
