// Package lint enforces the structure of the module as a Go test: "go test ./internal/lint" reports every finding with
// file and line. It has no code outside its tests, and it imports only the standard library. What it enforces:
//
//   - Import directions (imports_test.go): a package imports only what the table in docs/architecture.md allows, every
//     package has one entry there, after those of the packages that it imports, and the table allows nothing that is
//     not used, unless it says so. Tests may import the whole module and the test libraries.
//   - The document (table_test.go): the diagram and the descriptions in docs/architecture.md agree with its table.
//   - Determinism (core_test.go): production code of the core packages event, simsched, divergence and minimize reads
//     no real clock, uses no global randomness, no process, no unsafe and no network; package os gives event one error
//     value and package net gives simsched its interfaces; simsched has no go statement, no select and no channel. No
//     library package prints.
//   - Map order (order_test.go): production code that feeds output, errors or picks ranges over no map, unless the
//     line says why the order does not matter.
//   - Text (text_test.go): no path of a build machine in any file, no skipped test, no marker for later work, a README
//     of at most 200 lines, a doc comment on every package and exported name, no function over 100 lines.
//   - Lines (columns_test.go): no line of a Go file has more than 120 columns.
//   - Facts (facts_test.go): a value that documents, help texts or doc comments repeat, such as the supported Go
//     versions or a default, is the value in the code.
//
// Each check is a function from parsed files to findings, and TestChecks shows it snippets to reject and to accept.
package lint
