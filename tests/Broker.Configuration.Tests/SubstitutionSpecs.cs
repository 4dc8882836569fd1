namespace Broker.Configuration.Tests;

public class SubstitutionSpecs
{
    [Theory]
    [InlineData("a = 1\nb = ${a}", "{'a':1,'b':1}")]
    [InlineData("b = ${a}\na = 1", "{'b':1,'a':1}")]
    [InlineData("a { x = 1 }\nb = ${a.x}", "{'a':{'x':1},'b':1}")]
    [InlineData("a = 1\nb = ${a}\na = 2", "{'a':2,'b':2}")]
    [InlineData("\"a.b\" = 1\nc = ${\"a.b\"}", "{'a.b':1,'c':1}")]
    [InlineData("a = [1]\nb = ${a}", "{'a':[1],'b':[1]}")]
    [InlineData("a = cat\nb = my ${a} is ${a}.", "{'a':'cat','b':'my cat is cat.'}")]
    [InlineData("a = 1\nb = \"${a}\"", "{'a':1,'b':'${a}'}")]
    [InlineData("a = null\nb = ${a}", "{'a':null,'b':null}")]
    [InlineData("a { x = 1 }\nb = ${a}\nb.y = 2", "{'a':{'x':1},'b':{'x':1,'y':2}}")]
    [InlineData("a { x = 1 }\nb = ${a}\nc = ${b.x}", "{'a':{'x':1},'b':{'x':1},'c':1}")]
    [InlineData("a = 1\nb = [${a}, ${?none}, 2]", "{'a':1,'b':[1,2]}")]
    public void Substitution_should_stand_for_the_latest_value(string text, string expected) => Assert.Equal(expected, Hocon.Json(text));

    [Fact]
    public void Missing_substitution_should_be_an_error() => Assert.Equal(
        "test.conf:2:5: ${x.y} stands for nothing; set it, or write ${?…} if it may be missing", Hocon.Errors("a = 1\nb = ${x.y}"));

    [Theory]
    [InlineData("a = ${?none}", "{}")]
    [InlineData("a = 1\na = ${?none}", "{'a':1}")]
    [InlineData("a = x${?none}y", "{'a':'xy'}")]
    [InlineData("a = ${?none}${?none}", "{}")]
    [InlineData("a = {x = 1}\na = ${?none}", "{'a':{'x':1}}")]
    public void Optional_substitution_should_vanish_when_missing(string text, string expected) => Assert.Equal(expected, Hocon.Json(text));

    [Theory]
    [InlineData("a = ${HOME}", "{'a':'/home/x'}")]
    [InlineData("a = 1\na = ${?HOME}", "{'a':'/home/x'}")]
    [InlineData("HOME = mine\na = ${HOME}", "{'HOME':'mine','a':'mine'}")]
    [InlineData("HOME = null\na = ${HOME}", "{'HOME':null,'a':null}")]
    [InlineData("a = ${HOME}/bin", "{'a':'/home/x/bin'}")]
    public void Environment_should_be_asked_for_what_the_document_does_not_set(string text, string expected) =>
        Assert.Equal(expected, Hocon.Json(text, ("HOME", "/home/x")));

    [Theory]
    [InlineData("a = x\na = ${a}y", "{'a':'xy'}")]
    [InlineData("a = [1]\na = ${a} [2]\na = ${a} [3]", "{'a':[1,2,3]}")]
    [InlineData("a = ${?a}foo", "{'a':'foo'}")]
    [InlineData("a = x\na = ${?a}foo", "{'a':'xfoo'}")]
    [InlineData("a = {x = 1}\na = ${a} {y = 2}", "{'a':{'x':1,'y':2}}")]
    [InlineData("a.b = [1]\na.b = ${a.b} [2]", "{'a':{'b':[1,2]}}")]
    [InlineData("a = 1\nb = ${a}\na = [${b}]", "{'a':[1],'b':1}")]
    public void Self_reference_should_look_back(string text, string expected) => Assert.Equal(expected, Hocon.Json(text));

    [Fact]
    public void Self_reference_into_the_object_should_see_it_as_it_was_before() => Assert.Equal(
        "{'foo':{'a':2,'c':1}}", Hocon.Json("foo : { a : { c : 1 } }\nfoo : ${foo.a}\nfoo : { a : 2 }"));

    [Fact]
    public void Reference_to_a_sibling_should_look_forward() => Assert.Equal(
        "{'bar':{'foo':43,'baz':43}}", Hocon.Json("bar : { foo : 42, baz : ${bar.foo} }\nbar : { foo : 43 }"));

    [Fact]
    public void Objects_that_refer_to_each_other_should_resolve() => Assert.Equal(
        "{'bar':{'a':4,'b':3},'foo':{'c':3,'d':4}}",
        Hocon.Json("bar : { a : ${foo.d}, b : 1 }\nbar.b = 3\nfoo : { c : ${bar.b}, d : 2 }\nfoo.d = 4"));

    [Fact]
    public void Object_laid_over_a_substitution_should_see_the_merged_fields() => Assert.Equal(
        "{'base':{'n':'x'},'a':{'n':'east','p':'/east'}}",
        Hocon.Json("base { n = x }\na = ${base} { n = east, p = /${a.n} }"));

    [Theory]
    [InlineData("a = ${a}", "1:5: ${a} leads back to itself, and there is no earlier value")]
    [InlineData("a = ${b}\nb = ${a}", "2:5: ${a} leads back to itself")]
    [InlineData("a = ${b}\nb = ${c}\nc = ${a}", "3:5: ${a} leads back to itself")]
    [InlineData("a { b = ${a} }", "1:9: ${a} leads back to itself")]
    [InlineData("a { b = ${a.c} }\na { c = ${a.b} }", "2:9: ${a.b} leads back to itself")]
    [InlineData("a = ${a}x", "1:5: ${a} leads back to itself")]
    [InlineData("a = [${a}]", "1:6: ${a} leads back to itself")]
    public void Cycle_should_be_an_error(string text, string expected) =>
        Assert.Contains(expected, Hocon.Errors(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("a = ${}", "1:7: expected a key here")]
    [InlineData("a = ${b", "1:5: the substitution that begins here is not closed on its line")]
    [InlineData("a = $b", "1:5: '$' in a value must be inside quotes")]
    [InlineData("a = ${b.${c}}", "1:9: '$' in a key must be inside quotes")]
    [InlineData("a = ${b..c}", "a path begins or ends with a dot, or has two in a row")]
    public void Substitution_should_be_well_formed(string text, string expected) =>
        Assert.Contains(expected, Hocon.Errors(text), StringComparison.Ordinal);
}
