namespace Broker.Configuration.Tests;

public class SyntaxSpecs
{
    [Theory]
    [InlineData("", "{}")]
    [InlineData("# nothing\n", "{}")]
    [InlineData("{}", "{}")]
    [InlineData("{ a : 1 }", "{'a':1}")]
    [InlineData("\ufeffa = 1", "{'a':1}")]
    public void Root_should_be_an_object_with_or_without_braces(string text, string expected) => Assert.Equal(expected, Hocon.Json(text));

    [Theory]
    [InlineData("a = 1", "{'a':1}")]
    [InlineData("a : 1", "{'a':1}")]
    [InlineData("a { b = 1 }", "{'a':{'b':1}}")]
    [InlineData("a = { b : 1 }", "{'a':{'b':1}}")]
    [InlineData("a\n{ b = 1 }", "{'a':{'b':1}}")]
    [InlineData("a =\n 1", "{'a':1}")]
    public void Field_should_take_any_separator(string text, string expected) => Assert.Equal(expected, Hocon.Json(text));

    [Theory]
    [InlineData("a = 1 # one\nb = 2", "{'a':1,'b':2}")]
    [InlineData("a = 1 // one\nb = 2", "{'a':1,'b':2}")]
    [InlineData("// a = 1\n# b = 2", "{}")]
    [InlineData("a = \"x#y//z\"", "{'a':'x#y//z'}")]
    [InlineData("a = [ 1 # one\n 2 // two\n ]", "{'a':[1,2]}")]
    public void Comment_should_end_with_its_line_and_not_begin_in_quotes(string text, string expected) =>
        Assert.Equal(expected, Hocon.Json(text));

    [Theory]
    [InlineData("a = [1,2,3,]")]
    [InlineData("a = [1\n2\n3]")]
    [InlineData("a = [\n1,\n2,\n3\n]")]
    [InlineData("a = [1,2\n,3]")]
    public void Comma_should_be_optional_at_a_new_line_and_allowed_once_at_the_end(string text) =>
        Assert.Equal("{'a':[1,2,3]}", Hocon.Json(text));

    [Theory]
    [InlineData("a = [1,2,3,,]")]
    [InlineData("a = [,1,2,3]")]
    [InlineData("a = [1,,2,3]")]
    [InlineData("a = 1,, b = 2")]
    [InlineData(", a = 1")]
    public void Comma_should_follow_a_value(string text) =>
        Assert.Contains("a comma without a value before it", Hocon.Errors(text), StringComparison.Ordinal);

    [Fact]
    public void Fields_on_one_line_should_be_parted_by_commas() => Assert.Equal("{'a':1,'b':2}", Hocon.Json("a = 1, b = 2"));

    [Theory]
    [InlineData("a.b.c = 1", "{'a':{'b':{'c':1}}}")]
    [InlineData("a.x = 1, a.y = 2", "{'a':{'x':1,'y':2}}")]
    [InlineData("\"a.b\" = 1", "{'a.b':1}")]
    [InlineData("a.\"b.c\".d = 1", "{'a':{'b.c':{'d':1}}}")]
    [InlineData("a.\"\".b = 1", "{'a':{'':{'b':1}}}")]
    [InlineData("a b c = 1", "{'a b c':1}")]
    [InlineData("3.14 = 1", "{'3':{'14':1}}")]
    [InlineData("true = 1", "{'true':1}")]
    [InlineData("10.0foo = 1", "{'10':{'0foo':1}}")]
    [InlineData("foo\"10.0\" = 1", "{'foo10.0':1}")]
    [InlineData("includes = 1", "{'includes':1}")]
    [InlineData("\"include\" = 1", "{'include':1}")]
    public void Key_should_be_a_path_expression(string text, string expected) => Assert.Equal(expected, Hocon.Json(text));

    [Theory]
    [InlineData("a..b = 1")]
    [InlineData(".a = 1")]
    [InlineData("a. = 1")]
    [InlineData(". = 1")]
    public void Path_should_not_have_unquoted_empty_keys(string text) =>
        Assert.Contains("a path begins or ends with a dot", Hocon.Errors(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("a = 1", "1")]
    [InlineData("a = -0.5e+10", "-0.5e+10")]
    [InlineData("a = true", "true")]
    [InlineData("a = null", "null")]
    [InlineData("a = truefoo", "'truefoo'")]
    [InlineData("a = 10.0bar", "'10.0bar'")]
    [InlineData("a = 007", "'007'")]
    [InlineData("a = 1.", "'1.'")]
    [InlineData("a = \"1\"", "'1'")]
    [InlineData("a = foo", "'foo'")]
    [InlineData("a = /var/lib/x", "'/var/lib/x'")]
    public void Scalar_should_keep_its_kind_and_its_text(string text, string expected) =>
        Assert.Equal($"{{'a':{expected}}}", Hocon.Json(text));

    [Theory]
    [InlineData("""a = "\"\\\/\b\f\n\r\té" """, "\"\\/\b\f\n\r\té")]
    [InlineData("""a = "\ud83d\ude00" """, "😀")]
    [InlineData("a = \"\"", "")]
    [InlineData("a = \"\"\"x\n\"y\" \\n\"\"\"", "x\n\"y\" \\n")]
    [InlineData("a = \"\"\"\"x\"\"\"\"", "\"x\"")]
    public void String_should_be_read_as_json_or_raw_between_three_quotes(string text, string expected) =>
        Assert.Equal(expected, Assert.IsType<HoconScalar>(Hocon.Read(text).Find("a")).Text);

    [Theory]
    [InlineData("a = \"x", "1:5: the string that begins here is not closed on its line")]
    [InlineData("a = \"x\ny\"", "1:5: the string that begins here is not closed on its line")]
    [InlineData("a = \"\"\"x", "1:5: the string that begins here is not closed by \"\"\"")]
    [InlineData("a = \"\\x\"", "1:7: unknown escape")]
    [InlineData("a = \"\\u12g4\"", "1:10: \\u needs four hexadecimal digits")]
    [InlineData("a = \"\t\"", "1:6: a control character in a string must be written as \\u0009")]
    [InlineData("a = \"\\ud800\"", "1:5: the string has half of a surrogate pair")]
    public void String_should_be_well_formed(string text, string expected) =>
        Assert.Contains(expected, Hocon.Errors(text), StringComparison.Ordinal);

    [Theory]
    [InlineData('\u00a0')]
    [InlineData('\u2007')]
    [InlineData('\u2028')]
    [InlineData('\t')]
    [InlineData('\r')]
    [InlineData('\u001c')]
    public void Whitespace_should_include_unicode_separators(char space) =>
        Assert.Equal("{'a':1}", Hocon.Json($"{space}a{space}={space}1{space}"));

    [Fact]
    public void Json_should_be_valid_as_it_is() => Assert.Equal(
        "{'a':[1,'two',{'three':null}],'b':{'c':true,'d':[]}}",
        Hocon.Json("""{"a": [1, "two", {"three": null}], "b": {"c": true, "d": []}}"""));

    [Fact]
    public void Document_of_crlf_lines_should_be_read() =>
        Assert.Equal("{'a':1,'b':'x y','c':{'d':2}}", Hocon.Json("a = 1\r\nb = x y\r\nc {\r\n  d = 2\r\n}\r\n"));
}
