using System.Text;

namespace Broker.Configuration.Tests;

public class BoundSpecs
{
    [Theory]
    [InlineData("[")]
    [InlineData("{a")]
    [InlineData("{a=")]
    [InlineData("[{a=")]
    public void Deep_nesting_should_be_refused(string open) =>
        Assert.Contains(
            "nested deeper than 64 levels",
            Hocon.Errors("a = " + string.Concat(Enumerable.Repeat(open, 100_000))),
            StringComparison.Ordinal);

    [Fact]
    public void Long_path_should_be_refused()
    {
        var path = string.Join('.', Enumerable.Repeat("a", 100_000));
        Assert.Contains("nested deeper than 64 levels", Hocon.Errors(path + " = 1"), StringComparison.Ordinal);
        Assert.Contains("more than 64 keys", Hocon.Errors("x = ${" + path + "}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_up_to_the_bound_should_be_read() =>
        Assert.Equal(63, Hocon.Read(string.Concat(Enumerable.Repeat("a {", 63)) + new string('}', 63)).Root.Depth - 1);

    [Theory]
    [InlineData("a{0} = ${{a{1}}}${{a{1}}}", "xxxxxxxxxx")]
    [InlineData("a{0} = ${{a{1}}} ${{a{1}}}", "[1]")]
    [InlineData("a{0} = [${{a{1}}}, ${{a{1}}}]", "1")]
    [InlineData("a{0} {{ l = ${{a{1}}}, r = ${{a{1}}} }}", "1")]
    [InlineData("a{0} = ${{a{1}}} {{ l{0} = ${{a{1}}} }}", "{ x = 1 }")]
    public void Substitutions_that_multiply_should_be_refused(string line, string last)
    {
        var text = new StringBuilder();
        for (var i = 0; i < 50; i++)
            text.AppendFormat(null, line, i, i + 1).Append('\n');
        text.Append("a50 = ").Append(last);
        Assert.Matches("multiply|nested deeper than 64 levels after", Hocon.Errors(text.ToString()));
    }

    [Fact]
    public void Copies_of_a_long_text_should_be_refused() => Assert.Contains(
        "look for values that multiply",
        Hocon.Errors($"a = {new string('x', 500_000)}\n" + string.Concat(Enumerable.Range(0, 1000).Select(i => $"b{i} = ${{a}}x\n"))),
        StringComparison.Ordinal);

    [Fact]
    public void Copies_of_a_large_object_should_be_refused() => Assert.Contains(
        "look for values that multiply",
        Hocon.Errors("a {" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"k{i} = 1\n")) + "}\n"
            + string.Concat(Enumerable.Range(0, 1000).Select(i => $"b{i} = ${{a}} {{ x = 1 }}\n"))),
        StringComparison.Ordinal);

    [Fact]
    public void Long_chain_of_substitutions_should_be_refused() => Assert.Contains(
        "substitutions lead to each other more than 256 times",
        Hocon.Errors(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"a{i} = ${{a{i + 1}}}\n")) + "a20000 = 1"),
        StringComparison.Ordinal);

    [Fact]
    public void Deep_lists_in_a_chain_of_substitutions_should_not_exhaust_a_small_stack()
    {
        var (open, close) = (new string('[', 60), new string(']', 60));
        var text = string.Concat(Enumerable.Range(0, 5000).Select(i => $"a{i} = {open}${{a{i + 1}}}{close}\n"));
        var errors = "";
        var thread = new Thread(() => errors = Hocon.Errors(text), maxStackSize: 1 << 20);
        thread.Start();
        thread.Join();
        Assert.Contains("more than 256 times in a row", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Value_that_substitution_nests_too_deep_should_be_refused() => Assert.Contains(
        "nested deeper than 64 levels after substitution",
        Hocon.Errors("a0 = 1\n" + string.Concat(Enumerable.Range(1, 20_000).Select(i => $"a{i} = [${{a{i - 1}}}]\n"))),
        StringComparison.Ordinal);

    [Fact]
    public void Long_history_of_one_field_should_be_refused_or_read() => Assert.Contains(
        "more than 256 times", Hocon.Errors(string.Concat(Enumerable.Repeat("a = ${?a}x\n", 50_000))), StringComparison.Ordinal);

    [Fact]
    public void Plain_document_at_the_size_bound_should_be_read() =>
        Assert.Equal(100_000, Hocon.Read(string.Concat(Enumerable.Range(0, 100_000).Select(i => $"k{i}=1\n"))).Root.Fields.Count);

    [Fact]
    public void Oversized_text_should_be_refused() => Assert.Equal(
        "test.conf:1:1: the text has more than 10 characters", Hocon.Errors(new string(' ', 11), new HoconLimits { FileBytes = 10 }));
}
