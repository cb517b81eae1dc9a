package e2e

import (
	"archive/zip"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// enters signs somebody in to the site.
func enters(t *testing.T, d *program.Helpdesk, name string) *visitor {
	t.Helper()
	v := newVisitor(t, d)
	v.submit(t, "/admin/sign-in/", "/admin/sign-in/", "username", name, "password", program.Secret)
	return v
}

// TestTheSiteIsOverseenByFormsAlone has an admin and an auditor use their pages
// of the true program.
func TestTheSiteIsOverseenByFormsAlone(t *testing.T) {
	t.Parallel()
	db, dir := pgtest.New(t), t.TempDir()
	d := program.OpenOn(t, db, "HELPDESK_DATA_DIR="+dir)
	d.Join(t, "ann", "user")
	d.Join(t, "eve", "agent")
	d.Join(t, "otto", "auditor")
	d.Admin.Opens(t, "Printer <burns>")
	waitSigned(t, d.Admin.Client, logHead(t, d))
	admin, auditor := enters(t, d, "root"), enters(t, d, "otto")

	_, page := admin.submit(t, "/admin/people/ann/", "/admin/people/ann/role/", "role", "agent")
	mentions(t, page, "Role updated.", "root changed the role of ann to agent.")
	_, page = admin.submit(t, "/admin/people/eve/", "/admin/people/eve/activity/")
	mentions(t, page, "deactivated", "root deactivated eve.", "Reactivate eve")
	_, page = admin.submit(t, "/admin/system/projections/", "/admin/system/projections/user_list/", "do", "pause")
	mentions(t, page, "Projection paused.", "Paused since")
	_, page = admin.submit(t, "/admin/system/projections/", "/admin/system/projections/user_list/", "do", "resume")
	mentions(t, page, "Projection resumed.")

	_, page = auditor.get(t, "/admin/reports/")
	link := href(t, page, `<dt>Tickets opened</dt><dd><a href="`)
	_, page = auditor.get(t, link)
	mentions(t, page, "Printer &lt;burns&gt;")
	_, page = auditor.get(t, "/admin/audit/?type=ticket.opened&of=1")
	mentions(t, page, "Printer &lt;burns&gt;", "root")
	_, page = auditor.get(t, "/admin/system/escalations/")
	mentions(t, page, "Printer &lt;burns&gt;", "4 hours")
	_, page = auditor.submit(t, "/admin/audit/proof/", "/admin/audit/proof/verify/")
	mentions(t, page, "the log is unaltered", "</html>")

	_, archive := auditor.submit(t, "/admin/audit/proof/", "/admin/audit/proof/export/")
	folder := unzip(t, archive)
	if out, stderr, err := program.Run(t.Context(), t, "", d.Env, "audit", "verify", folder); err != nil || !strings.Contains(out, "are as they were recorded") {
		t.Errorf("the download is not verified: %v %s %s", err, out, stderr)
	}
	answer, err := auditor.PostForm(auditor.url+"/admin/people/ann/role/", map[string][]string{"role": {"user"}, "command": {"01900000-0000-7000-8000-00000000000a"}})
	if err != nil || answer.StatusCode != http.StatusForbidden {
		t.Errorf("an auditor changes a role: %v %v", answer, err)
	}
}

// href returns the address that follows a text in a page.
func href(t *testing.T, page, before string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, before)
	address, _, _ := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("no address after %q: %s", before, page)
	}
	return strings.ReplaceAll(address, "&amp;", "&")
}

// unzip unpacks an archive into a folder of its own.
func unzip(t *testing.T, archive string) (folder string) {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	folder = filepath.Join(t.TempDir(), "log")
	if err := os.CopyFS(folder, z); err != nil {
		t.Fatal(err)
	}
	return folder
}
