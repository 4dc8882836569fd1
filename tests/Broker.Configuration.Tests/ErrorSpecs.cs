namespace Broker.Configuration.Tests;

public class ErrorSpecs
{
    [Theory]
    [InlineData("a = \nb = 2", "2:3: '=' must be inside quotes here, or a comma or a new line is missing before the key")]
    [InlineData("a =", "1:4: a value is missing here")]
    [InlineData("a = , b = 1", "1:5: a value is missing here")]
    [InlineData("a", "1:2: expected '=', ':', '+=' or '{' after the key")]
    [InlineData("a = http://x", "1:9: ':' must be inside quotes here")]
    [InlineData("a = 127.0.0.1:80", "1:14: ':' must be inside quotes here")]
    [InlineData("a = x?", "1:6: '?' in a value must be inside quotes")]
    [InlineData("a = {b = 1} c = 2", "1:15: '=' must be inside quotes here, or a comma or a new line is missing before the key")]
    [InlineData("a*b = 1", "1:2: '*' in a key must be inside quotes")]
    [InlineData("= 1", "1:1: expected a key here")]
    [InlineData("a = {", "1:5: what opens here is not closed; '}' is missing")]
    [InlineData("a = [1", "1:5: what opens here is not closed; ']' is missing")]
    [InlineData("{ a = 1", "1:1: what opens here is not closed; '}' is missing")]
    [InlineData("a = 1 }", "1:7: '}' closes nothing that is open here")]
    [InlineData("a = [1}]", "1:7: '}' closes nothing that is open here")]
    [InlineData("{} a = 1", "1:4: nothing may follow the closing brace of the root")]
    [InlineData("[1]", "1:1: the root is a list; it must be an object")]
    [InlineData("include = 1", "1:9: 'include' begins an include statement")]
    public void Malformed_text_should_be_refused_where_it_is_wrong(string text, string expected) =>
        Assert.Contains(expected, Hocon.Errors(text), StringComparison.Ordinal);

    [Fact]
    public void All_errors_should_be_listed_at_once_in_order() => Assert.Equal(
        """
        test.conf:1:5: '*' in a value must be inside quotes
        test.conf:3:9: the string that begins here is not closed on its line
        test.conf:6:8: a comma without a value before it
        test.conf:7:2: expected '=', ':', '+=' or '{' after the key
        """,
        Hocon.Errors("a = *\nb {\n    c = \"x\n    d = 1\n}\ne = [1,, 2]\nf"));

    [Fact]
    public void All_unresolved_substitutions_should_be_listed_at_once() => Assert.Equal(
        2, Assert.Throws<HoconException>(() => Hocon.Read("a = ${x}\nb = 1\nc { d = [${y}] }")).Errors.Count);

    [Fact]
    public void Error_should_carry_file_line_and_column()
    {
        var error = Assert.Single(Assert.Throws<HoconException>(() => Hocon.Read("a = 1\n  b = *\n")).Errors);
        Assert.Equal(new HoconOrigin("test.conf", 2, 7), error.Origin);
        Assert.Null(error.Path);
    }

    [Fact]
    public void Error_inside_brackets_should_not_spoil_what_follows() => Assert.Equal(
        "test.conf:2:9: '*' in a value must be inside quotes", Hocon.Errors("a {\n    b = * { x = [\n  1 ] }\n    c = 1\n}\nd = ${?a.c}"));

    [Fact]
    public void Errors_should_stop_at_their_bound() => Assert.Equal(
        5, Assert.Throws<HoconException>(() => HoconDocument.Parse(
            string.Concat(Enumerable.Repeat("a = *\n", 50)), "test.conf", limits: new HoconLimits { Errors = 5 })).Errors.Count);
}
