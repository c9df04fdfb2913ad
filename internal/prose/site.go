package prose

import "strings"

// SplitSite returns the file and the line of a site such as "bank.go:25"; the line is "" if there is none.
func SplitSite(site string) (file, line string) {
	i := strings.LastIndexByte(site, ':')
	if i < 0 || strings.Trim(site[i+1:], "0123456789") != "" {
		return site, ""
	}
	return site[:i], site[i+1:]
}

// BaseSite returns a site with the base name of its file.
func BaseSite(site string) string { return site[strings.LastIndexByte(site, '/')+1:] }

// AtSite returns a site for the end of a clause, such as " at bank.go:25", and "" if it is not known.
func AtSite(site string) string {
	if site == "" {
		return ""
	}
	return " at " + Line(BaseSite(site))
}
