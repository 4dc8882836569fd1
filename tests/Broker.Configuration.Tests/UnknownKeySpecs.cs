namespace Broker.Configuration.Tests;

public class UnknownKeySpecs
{
    [Fact]
    public void Unknown_key_should_be_listed_with_what_was_probably_meant()
    {
        var s = SettingsSpecs.Reader("broker.dmz {\n  sesion-timeout = 1 s\n  color = red\n  node = a\n}");
        s.Text("broker.dmz.node");
        s.OptionalDuration("broker.dmz.session-timeout", TimeSpan.Zero, TimeSpan.MaxValue);
        Assert.Equal(
            """
            test.conf:2: broker.dmz.sesion-timeout: unknown key; did you mean 'session-timeout'?
            test.conf:3: broker.dmz.color: unknown key; remove it
            """,
            SettingsSpecs.Problems(s));
    }

    [Fact]
    public void Key_in_the_wrong_section_should_be_shown_its_place()
    {
        var s = SettingsSpecs.Reader("a.listen = x\nb.node = y");
        s.OptionalText("b.console.listen");
        s.OptionalText("b.node");
        s.OptionalText("a.limits");
        Assert.Equal("test.conf:1: a.listen: unknown key; did you mean 'b.console.listen'?", SettingsSpecs.Problems(s));
    }

    [Fact]
    public void Misspelt_section_should_be_listed_once()
    {
        var s = SettingsSpecs.Reader("a.consol { x = 1, y = 2 }");
        s.OptionalText("a.console.x");
        Assert.Equal("test.conf:1: a.consol: unknown key; did you mean 'console'?", SettingsSpecs.Problems(s));
    }

    [Fact]
    public void Only_the_named_roots_should_be_checked()
    {
        var s = SettingsSpecs.Reader("broker.zone.x = 1\nbroker.dmz.y = 2\nbroker.log.z = 3\nother = 4");
        Assert.Equal(2, s.Integer("broker.dmz.y", 0, 9));
        s.ThrowIfInvalid("broker.dmz", "broker.none");
        Assert.Equal("test.conf:3: broker.log.z: unknown key; remove it", SettingsSpecs.Problems(s, "broker.dmz", "broker.log"));
    }

    [Fact]
    public void Exempt_section_should_have_no_unknown_keys()
    {
        var s = SettingsSpecs.Reader("serilog { anything { goes = 1 } }\nx = 1");
        s.Exempt("serilog");
        Assert.Equal("test.conf:2: x: unknown key; remove it", SettingsSpecs.Problems(s));
        s.ThrowIfInvalid("serilog");
    }

    [Fact]
    public void Unknown_key_of_a_named_child_should_be_listed()
    {
        var s = SettingsSpecs.Reader("uses { a { run = x, rnu = y } }");
        foreach (var child in s.Children("uses"))
            child.Text("run");
        Assert.Equal("test.conf:1: uses.a.rnu: unknown key; did you mean 'run'?", SettingsSpecs.Problems(s));
    }

    [Fact]
    public void Unknown_key_should_be_placed_in_the_file_that_sets_it_last()
    {
        using var files = new TemporaryDirectory();
        files.Write("reference.conf", "a { known = 1 }");
        files.Write("user.conf", "\na.unknown = 2");
        var s = new SettingsReader(files.Load("reference.conf", "user.conf"));
        s.Integer("a.known", 0, 9);
        Assert.EndsWith("user.conf:2: a.unknown: unknown key; did you mean 'known'?", SettingsSpecs.Problems(s), StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_should_be_listed_at_once_sorted()
    {
        var s = SettingsSpecs.Reader("c = x\nb = 99\nunknwon = 1");
        s.Text("missing");
        s.Integer("b", 0, 9);
        s.Boolean("c");
        Assert.Equal(
            """
            test.conf:1: missing: is missing; set it to text
            test.conf:1: c: 'x' is no boolean; write true or false
            test.conf:2: b: 99 is above the maximum 9
            test.conf:3: unknwon: unknown key; remove it
            """,
            SettingsSpecs.Problems(s));
    }
}
