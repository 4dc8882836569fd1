using System.Net;

namespace Broker.Configuration.Tests;

public class SettingsSpecs
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public void Settings_should_be_read_by_their_types()
    {
        var s = Reader(
            """
            text = "a b", yes = on, no = false, number = 42, duration = 10 s, size = 64 KiB, mode = etcd
            connect = "db.example:5432", address = "[::1]:80", listen = "0.0.0.0:0", local = "localhost:443"
            list = [a, 1], peers = ["a:1", "10.0.0.1:2"], files = [/etc/x]
            """);
        Assert.Equal("a b", s.Text("text"));
        Assert.True(s.Boolean("yes"));
        Assert.False(s.Boolean("no"));
        Assert.Equal(42, s.Integer("number", 0, 100));
        Assert.Equal(TimeSpan.FromSeconds(10), s.Duration("duration", TimeSpan.Zero, Day));
        Assert.Equal(65536, s.Size("size"));
        Assert.Equal("etcd", s.OneOf("mode", "static", "etcd"));
        Assert.Equal(DayOfWeek.Friday, s.OneOf("mode", ("static", DayOfWeek.Monday), ("etcd", DayOfWeek.Friday)));
        Assert.Equal(new DnsEndPoint("db.example", 5432), s.EndPoint("connect"));
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 80), s.EndPoint("address"));
        Assert.Equal(new IPEndPoint(IPAddress.Any, 0), s.Listen("listen"));
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 443), s.Listen("local"));
        Assert.Equal(["a", "1"], s.TextList("list"));
        Assert.Equal([new DnsEndPoint("a", 1), new IPEndPoint(IPAddress.Parse("10.0.0.1"), 2)], s.EndPointList("peers"));
        Assert.Equal(["/etc/x"], s.PathList("files"));
        s.ThrowIfInvalid();
    }

    [Theory]
    [InlineData("a = 90 days", "a: 90 days is above the maximum 24 h")]
    [InlineData("a = 1 ms", "a: 1 ms is below the minimum 1 s")]
    [InlineData("a = soon", "a: 'soon' is no duration; write a number and one of ns, us, ms, s, m, h, d")]
    [InlineData("a = {}", "a: must be a duration, not an object")]
    [InlineData("a = [1]", "a: must be a duration, not a list")]
    [InlineData("a = null", "a: is missing; set it to a duration")]
    [InlineData("", "a: is missing; set it to a duration")]
    public void Wrong_setting_should_say_what_to_do(string text, string expected)
    {
        var s = Reader(text);
        s.Duration("a", TimeSpan.FromSeconds(1), Day);
        Assert.Equal("test.conf:1: " + expected, Problems(s));
    }

    [Fact]
    public void Value_in_an_error_should_be_short_and_on_one_line()
    {
        var s = Reader($"a = \"x\\ny{new string('z', 100)}\"");
        s.Boolean("a");
        Assert.Equal($"test.conf:1: a: 'x y{new string('z', 37)}…' is no boolean; write true or false", Problems(s));
    }

    [Fact]
    public void Wrong_values_should_be_refused_by_each_type()
    {
        var s = Reader(
            "t = \"\"\nb = maybe\ni = 1.5\nj = 11\nz = 1 KB\no = c\ne = host\nf = \"h:0\"\n"
            + "g = \"-x:1\"\nl = \"name:1\"\nm = \"::1:1\"\np = \"\"\nq = [x, {}, \"\"]\nr = x");
        s.Text("t");
        s.Boolean("b");
        s.Integer("i", 0, 10);
        s.Integer("j", 0, 10);
        s.Size("z");
        s.OneOf("o", "a", "b");
        s.EndPoint("e");
        s.EndPoint("f");
        s.EndPoint("g");
        s.Listen("l");
        s.Listen("m");
        s.Path("p");
        s.TextList("q");
        s.TextList("r");
        Assert.Equal(
            """
            test.conf:1: t: must not be empty
            test.conf:2: b: 'maybe' is no boolean; write true or false
            test.conf:3: i: '1.5' is no whole number
            test.conf:4: j: 11 is above the maximum 10
            test.conf:5: z: '1 KB' is no size in whole bytes; write a number and a unit such as B, kB, KiB, MB, MiB, GiB
            test.conf:6: o: 'c' is none of a, b
            test.conf:7: e: 'host' is no "host:port"
            test.conf:8: f: 'h:0' is no "host:port"
            test.conf:9: g: '-x:1' has no valid host name or address
            test.conf:10: l: 'name:1' has no address to listen on; write an IP address, or 0.0.0.0 for all
            test.conf:11: m: '::1:1' is no "address:port"
            test.conf:12: p: must be the path of a file or directory
            test.conf:13: q.[1]: must be text, not an object
            test.conf:13: q.[2]: must not be empty
            test.conf:14: r: must be a list of texts, not text
            """,
            Problems(s));
    }

    [Fact]
    public void Missing_setting_should_point_at_the_section_around_it()
    {
        var s = Reader("x = 1\na {\n  b { c = 1 }\n}");
        s.Integer("x", 0, 9);
        s.Integer("a.b.c", 0, 9);
        s.Text("a.b.d");
        s.Text("e.f");
        Assert.Equal("test.conf:1: e.f: is missing; set it to text\ntest.conf:3: a.b.d: is missing; set it to text", Problems(s));
    }

    [Fact]
    public void Optional_setting_should_be_null_when_missing_null_or_empty()
    {
        var s = Reader("a = null, b = \"\", c = 5, d = x");
        Assert.Null(s.OptionalText("none"));
        Assert.Null(s.OptionalDuration("a", TimeSpan.Zero, Day));
        Assert.Null(s.OptionalListen("b"));
        Assert.Null(s.OptionalPath("b"));
        Assert.Equal(5, s.OptionalInteger("c", 0, 9));
        Assert.Null(s.OptionalEndPoint("none"));
        Assert.False(s.OptionalBoolean("d"));
        Assert.Equal("test.conf:1: d: 'x' is no boolean; write true or false", Problems(s));
    }

    [Fact]
    public void Path_should_start_at_the_file_that_sets_it()
    {
        using var files = new TemporaryDirectory();
        files.Write("etc/user.conf", "include \"more/more.conf\"\nown = keys/a.pem\nabsolute = /x/y");
        files.Write("etc/more/more.conf", "other = ../b.pem");
        var s = new SettingsReader(files.Load("etc/user.conf"));
        Assert.Equal(Path.Combine(files.Root, "etc/keys/a.pem"), s.Path("own"));
        Assert.Equal(Path.Combine(files.Root, "etc/b.pem"), s.Path("other"));
        Assert.Equal("/x/y", s.Path("absolute"));
    }

    [Fact]
    public void Children_should_be_read_by_name_and_left_out_when_null()
    {
        var s = Reader("uses { a { run = x }, b { run = y }, c = null, \"d.e\" { run = z } }");
        Assert.Equal([("a", "x"), ("b", "y"), ("d.e", "z")], s.Children("uses").Select(child => (child.Name, child.Text("run"))));
        Assert.Empty(s.Children("none"));
        s.ThrowIfInvalid();
    }

    [Fact]
    public void Child_that_is_no_object_should_be_refused()
    {
        var s = Reader("uses { a = 1 }\nothers = [1]");
        Assert.Empty(s.Children("uses"));
        Assert.Empty(s.Children("others"));
        Assert.Equal(
            "test.conf:1: uses.a: must be an object, not a number\n"
            + "test.conf:2: others: must be an object of named sections, not a list",
            Problems(s));
    }

    [Fact]
    public void Items_should_be_read_by_index()
    {
        var s = Reader("nodes = [\n{ name = a }\n{ nam = b }\n]");
        Assert.Equal(["a", ""], s.Items("nodes").Select(item => item.Text("name")));
        Assert.Equal(
            "test.conf:3: nodes.[1].name: is missing; set it to text\n"
            + "test.conf:3: nodes.[1].nam: unknown key; did you mean 'name'?", Problems(s));
    }

    [Fact]
    public void Section_should_shorten_paths_and_share_problems()
    {
        var s = Reader("a.b { c = 1 }");
        var section = s.Section("a").Section("b");
        Assert.Equal(1, section.Integer("c", 0, 9));
        Assert.Equal("a.b", section.SectionPath);
        Assert.Null(s.OptionalSection("x"));
        Assert.NotNull(s.OptionalSection("a.b"));
        section.Text("d");
        Assert.Equal("test.conf:1: a.b.d: is missing; set it to text", Problems(s));
    }

    [Fact]
    public void Problem_of_the_caller_should_be_listed_with_its_place()
    {
        var s = Reader("a = 1\nb = 2");
        s.Integer("a", 0, 9);
        s.Integer("b", 0, 9);
        s.AddProblem("b", "must not be above a");
        Assert.Equal("test.conf:2: b: must not be above a", Problems(s));
        Assert.Equal(2, s.OriginOf("b").Line);
        Assert.False(s.Has("c"));
    }

    internal static SettingsReader Reader(string text) => new(Hocon.Read(text));

    internal static string Problems(SettingsReader settings, params string[] roots) =>
        Assert.Throws<HoconException>(() => settings.ThrowIfInvalid(roots)).Message;
}
