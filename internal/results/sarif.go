package results

import (
	"io"
	"slices"
	"strings"
)

// The parts of SARIF 2.1.0 that a report needs; see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		URI   string      `json:"informationUri"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    string    `json:"id"`
		Short sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		Rule         string            `json:"ruleId"`
		Index        int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Baseline     string            `json:"baselineState"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		Line int `json:"startLine"`
	}
)

// baselineStates maps the states to those of SARIF.
var baselineStates = map[State]string{New: "new", Known: "unchanged", Gone: "absent", Unseen: "unchanged"}

// SARIF writes the findings as a SARIF log, for code scanning. Each class of failures is a rule.
func (r *Report) SARIF(w io.Writer) error {
	driver := sarifDriver{"reprise", "https://github.com/reprise-go/reprise", []sarifRule{}}
	results := []sarifResult{}
	for _, f := range r.Findings {
		id := "reprise/" + strings.ReplaceAll(f.Class, " ", "-")
		rule := slices.IndexFunc(driver.Rules, func(r sarifRule) bool { return r.ID == id })
		if rule < 0 {
			rule = len(driver.Rules)
			driver.Rules = append(driver.Rules, sarifRule{id, sarifText{"a failing run of the class " + f.Class}})
		}
		file, line := f.place()
		level := "error"
		if f.Passes {
			level = "note"
		}
		text := f.Headline() + "\n" + f.Package + " " + f.Test
		if c := f.Command(); c != "" {
			text += "\nto reproduce: " + c
		}
		results = append(results, sarifResult{
			Rule: id, Index: rule, Level: level, Message: sarifText{text},
			Locations: []sarifLocation{sarifAt(file, line, nil)}, Related: related(f),
			Fingerprints: map[string]string{"reprise/v1": f.Signature}, Baseline: baselineStates[f.State],
		})
	}
	return indented(w, sarifLog{
		"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{{sarifTool{driver}, results}},
	})
}

func sarifAt(file string, line int, message *sarifText) sarifLocation {
	return sarifLocation{sarifPhysical{sarifArtifact{uri(file)}, sarifRegion{line}}, message}
}

// related returns the other lines of the code that a finding names, each with the line of the report that names it.
func related(f *Finding) (list []sarifLocation) {
	for _, p := range f.Related {
		list = append(list, sarifAt(p.File, p.Line, &sarifText{p.Text}))
	}
	return list
}
