namespace Broker.Configuration.Tests;

public sealed class IncludeSpecs : IDisposable
{
    private readonly TemporaryDirectory _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("include \"sub/b.conf\"")]
    [InlineData("include file(\"sub/b.conf\")")]
    [InlineData("include required(\"sub/b.conf\")")]
    [InlineData("include required(file(\"sub/b.conf\"))")]
    [InlineData("include required( file( \"sub/b.conf\" ) ) # comment")]
    [InlineData("include \"sub/b\"")]
    [InlineData("\n\ninclude \"sub/b.conf\", y = 2")]
    public void Include_should_read_the_file_relative_to_the_including_one(string statement)
    {
        _files.Write("a.conf", statement);
        _files.Write("sub/b.conf", "include \"c.conf\"");
        _files.Write("sub/c.conf", "x = 1");
        Assert.StartsWith("{'x':1", Hocon.Json(_files.Load("a.conf").Root), StringComparison.Ordinal);
    }

    [Fact]
    public void Include_should_merge_where_it_stands()
    {
        _files.Write("a.conf", "x = 1\ny = 1\ninclude \"b.conf\"\ny = 3\no { include \"b.conf\" }");
        _files.Write("b.conf", "x = 2\ny = 2");
        Assert.Equal("{'x':2,'y':3,'o':{'x':2,'y':2}}", Hocon.Json(_files.Load("a.conf").Root));
    }

    [Fact]
    public void Substitution_in_an_included_file_should_be_tried_under_its_place_first()
    {
        _files.Write("a.conf", "p { include \"b.conf\", own = here }\nother = root");
        _files.Write("b.conf", "x = ${own}\ny = ${other}\nl = [1]\nl += 2");
        Assert.Equal("{'p':{'x':'here','y':'root','l':[1,2],'own':'here'},'other':'root'}", Hocon.Json(_files.Load("a.conf").Root));
    }

    [Fact]
    public void Later_file_should_be_laid_over_earlier_ones_before_substitution()
    {
        _files.Write("reference.conf", "a { port = 1, url = host\":\"${a.port} }\nlist = [1]");
        _files.Write("user.conf", "a.port = 2\nlist += 2");
        Assert.Equal("{'a':{'port':2,'url':'host:2'},'list':[1,2]}", Hocon.Json(_files.Load("reference.conf", "user.conf").Root));
    }

    [Fact]
    public void Absent_file_should_be_ignored_unless_it_is_required()
    {
        _files.Write("a.conf", "include \"none.conf\"\nx = 1");
        _files.Write("b.conf", "x = 1\ninclude required(\"none.conf\")");
        Assert.Equal("{'x':1}", Hocon.Json(_files.Load("a.conf").Root));
        Assert.Equal("b.conf:2:1: there is no file 'none.conf'", _files.Errors("b.conf"));
    }

    [Fact]
    public void Absent_file_that_is_loaded_should_be_an_error() =>
        Assert.Equal("none.conf:1:1: there is no file 'none.conf'", _files.Errors("none.conf"));

    [Theory]
    [InlineData("include url(\"http://x\")", "only files can be included")]
    [InlineData("include classpath(\"x\")", "only files can be included")]
    [InlineData("include x", "'include' begins an include statement")]
    [InlineData("include file(\"x\"", "expected ')'")]
    [InlineData("include required \"x\"", "expected '('")]
    [InlineData("include \"\"", "the name of the file to include is empty")]
    [InlineData("include \"x\" y = 1", "expected a comma or a new line")]
    public void Include_should_be_well_formed(string text, string expected)
    {
        _files.Write("a.conf", text);
        Assert.Contains(expected, _files.Errors("a.conf"), StringComparison.Ordinal);
    }

    [Fact]
    public void Parsed_text_should_not_include_files() =>
        Assert.Equal("test.conf:1:1: only a file can include others", Hocon.Errors("include \"/etc/hostname\""));

    [Fact]
    public void Cycle_of_includes_should_be_refused_where_it_closes()
    {
        _files.Write("a.conf", "include \"sub/b.conf\"");
        _files.Write("sub/b.conf", "x = 1\ninclude \"../a.conf\"");
        Assert.Equal("sub/b.conf:2:1: 'sub/../a.conf' includes itself, directly or through another file", _files.Errors("a.conf"));
    }

    [Fact]
    public void Same_file_should_be_included_twice_when_it_is_no_cycle()
    {
        _files.Write("a.conf", "x { include \"b.conf\" }\ny { include \"b.conf\" }");
        _files.Write("b.conf", "v = 1");
        Assert.Equal("{'x':{'v':1},'y':{'v':1}}", Hocon.Json(_files.Load("a.conf").Root));
    }

    [Fact]
    public void Chain_of_includes_should_be_bounded()
    {
        for (var i = 0; i < 30; i++)
            _files.Write($"{i}.conf", $"include \"{i + 1}.conf\"");
        Assert.Equal("15.conf:1:1: includes nest deeper than 16 files", _files.Errors("0.conf"));
    }

    [Fact]
    public void Includes_that_multiply_should_be_bounded()
    {
        for (var i = 0; i < 10; i++)
            _files.Write($"{i}.conf", string.Concat(Enumerable.Repeat($"include \"{i + 1}.conf\"\n", 4)));
        _files.Write("10.conf", "x = 1");
        Assert.Contains("more than 64 files are included", _files.Errors("0.conf"), StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_of_all_files_should_be_listed_with_their_places()
    {
        _files.Write("a.conf", "include \"b.conf\"\nx = *");
        _files.Write("b.conf", "\ny = *");
        Assert.Equal(
            "a.conf:2:5: '*' in a value must be inside quotes\nb.conf:2:5: '*' in a value must be inside quotes", _files.Errors("a.conf"));
    }

    [Fact]
    public void Invalid_utf8_should_be_refused_where_it_is()
    {
        _files.Write("a.conf", [.. "x = 1\ny = é"u8, 0xC3, 0x28]);
        Assert.Equal("a.conf:2:6: the file is not valid UTF-8 here", _files.Errors("a.conf"));
    }

    [Fact]
    public void Oversized_file_should_be_refused_and_one_at_the_bound_read()
    {
        _files.Write("a.conf", new string(' ', HoconLimits.Default.FileBytes));
        _files.Write("b.conf", new string(' ', HoconLimits.Default.FileBytes + 1));
        Assert.Equal("{}", Hocon.Json(_files.Load("a.conf").Root));
        Assert.Equal("b.conf:1:1: 'b.conf' has more than 1048576 bytes", _files.Errors("b.conf"));
    }

    [Fact]
    public void Many_large_files_should_be_refused_together()
    {
        _files.Write("a.conf", new string(' ', HoconLimits.Default.FileBytes));
        var errors = _files.Errors("a.conf", "a.conf", "a.conf", "a.conf", "a.conf");
        Assert.Contains("the files together have more than", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Directory_should_be_refused()
    {
        Directory.CreateDirectory(Path.Combine(_files.Root, "d"));
        Assert.Contains("'d' cannot be read", _files.Errors("d"), StringComparison.Ordinal);
    }
}
