namespace Broker.Configuration.Tests;

public class MergeSpecs
{
    [Theory]
    [InlineData("a = 1\na = 2", "{'a':2}")]
    [InlineData("a { x = 1 }\na { y = 2 }", "{'a':{'x':1,'y':2}}")]
    [InlineData("a { x = 1 }\na = null\na { y = 2 }", "{'a':{'y':2}}")]
    [InlineData("a { x = 1 }\na = 5\na { y = 2 }", "{'a':{'y':2}}")]
    [InlineData("a { x { p = 1, q = 2 } }\na.x.q = 3", "{'a':{'x':{'p':1,'q':3}}}")]
    [InlineData("a = [1]\na = [2]", "{'a':[2]}")]
    [InlineData("a { x = 1 }\na = 5", "{'a':5}")]
    [InlineData("a = {}", "{'a':{}}")]
    public void Later_value_should_override_and_objects_should_merge(string text, string expected) =>
        Assert.Equal(expected, Hocon.Json(text));

    [Theory]
    [InlineData("a = foo bar baz", "{'a':'foo bar baz'}")]
    [InlineData("a =   foo   bar  ", "{'a':'foo   bar'}")]
    [InlineData("a = 1 2", "{'a':'1 2'}")]
    [InlineData("a = true null 1e5", "{'a':'true null 1e5'}")]
    [InlineData("a = x\"y\"z", "{'a':'xyz'}")]
    [InlineData("a = [ b c, d ]", "{'a':['b c','d']}")]
    [InlineData("a = \" x \" y", "{'a':' x  y'}")]
    public void Scalars_side_by_side_should_make_a_text(string text, string expected) => Assert.Equal(expected, Hocon.Json(text));

    [Theory]
    [InlineData("a = [1] [2]", "{'a':[1,2]}")]
    [InlineData("b = [1]\na = ${b} [2]", "{'b':[1],'a':[1,2]}")]
    [InlineData("b = [1]\na = ${b}${b}", "{'b':[1],'a':[1,1]}")]
    [InlineData("a = [[1] [2]]", "{'a':[[1,2]]}")]
    [InlineData("a = ${?none} [2]", "{'a':[2]}")]
    public void Lists_side_by_side_should_be_joined(string text, string expected) => Assert.Equal(expected, Hocon.Json(text));

    [Theory]
    [InlineData("a = {x = 1} {y = 2}", "{'a':{'x':1,'y':2}}")]
    [InlineData("b { x = 1 }\na = ${b} {y = 2}", "{'b':{'x':1},'a':{'x':1,'y':2}}")]
    [InlineData("b { x = 1 }\na = ${b} {x = 2}", "{'b':{'x':1},'a':{'x':2}}")]
    [InlineData("b { x = 1 }\na = {x = 2} ${b}", "{'b':{'x':1},'a':{'x':1}}")]
    [InlineData("b { x = 1 }\nc { y = 2 }\na = ${b} ${c}", "{'b':{'x':1},'c':{'y':2},'a':{'x':1,'y':2}}")]
    [InlineData("b { x = 1 }\na = [ ${b} {y = 2} ]", "{'b':{'x':1},'a':[{'x':1,'y':2}]}")]
    [InlineData("a = ${?none} {y = 2}", "{'a':{'y':2}}")]
    public void Objects_side_by_side_should_merge(string text, string expected) => Assert.Equal(expected, Hocon.Json(text));

    [Theory]
    [InlineData("a = x {y = 1}", "1:5: an object and something else stand side by side")]
    [InlineData("a = [1] x", "1:9: a list and something else stand side by side")]
    [InlineData("b = 1\na = ${b} {y = 1}", "2:5: ${b} is a number but stands beside an object")]
    [InlineData("b = {}\na = x ${b}", "2:5: text and an object stand side by side")]
    [InlineData("b = x\na = ${b} [1]", "2:5: text and a list stand side by side")]
    public void Values_of_different_sorts_should_not_be_joined(string text, string expected) =>
        Assert.Contains(expected, Hocon.Errors(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("a = [1]\na += 2", "{'a':[1,2]}")]
    [InlineData("a += 1", "{'a':[1]}")]
    [InlineData("a += 1\na += {b = 2}", "{'a':[1,{'b':2}]}")]
    [InlineData("x.a += 1\nx.a += 2", "{'x':{'a':[1,2]}}")]
    [InlineData("b = [1]\na = ${b}\na += 2", "{'b':[1],'a':[1,2]}")]
    [InlineData("l = [ { a = [1], a += 2 } ]", "{'l':[{'a':[1,2]}]}")]
    public void Append_should_add_to_the_list_before_it(string text, string expected) => Assert.Equal(expected, Hocon.Json(text));

    [Fact]
    public void Append_should_refuse_what_is_no_list() =>
        Assert.Contains("a number and a list stand side by side", Hocon.Errors("a = 1\na += 2"), StringComparison.Ordinal);
}
