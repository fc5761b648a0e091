using Xunit;

namespace PgMahout.Tests.Tidy;

/// <summary>The scanner that the budgets rest on must see what it is there to refuse.</summary>
public sealed class CSharpFileTests
{
    [Fact]
    public void Methods_are_found_with_their_lines_parameters_and_nesting()
    {
        var file = CSharpFile.Parse(
            """
            namespace A.B;
            public sealed class C(int one, int two) : D(one)
            {
                private readonly int[] _numbers = [1, 2];
                public int Property { get; } = new E() { F = 1 }.F;
                [Fact, G(1, 2)]
                public static (int Left, int Right) Tuple(Dictionary<int, string> map, int b = 3)
                {
                    foreach (var pair in map)
                    {
                        if (pair.Key > 1)
                            while (true) { }
                    }
                    return (1, 2);
                }
                public int Arrow<T>(T value) where T : class =>
                    value switch { null => 1, _ => 2 };
                public static bool operator ==(C left, C right) { return true; }
            }
            """);

        Assert.Equal(
            ["Tuple 7 +9 (2) 3", "Arrow 16 +2 (1) 0"],
            file.Methods.Where(method => method.Name != "operator").Select(method =>
                $"{method.Name} {method.Line} +{method.Lines} ({method.Parameters}) {method.Nesting}"));
        Assert.Equal(["public sealed class C(int one, int two) : D(one)"], file.TypeHeaders);
    }

    [Fact]
    public void Braces_and_words_in_literals_and_comments_do_not_count()
    {
        const string source =
            """
            var a = "{ \" class"; // } class
            var b = $"x{(c ? "}" : "{")}y{{"; /* { */ var d = @"\" + '{';
            """;

        var code = CSharpText.CodeOf(source);

        Assert.DoesNotContain(code, c => c is '{' or '}');
        Assert.DoesNotContain("class", code, StringComparison.Ordinal);
        Assert.Contains("var d = @", code, StringComparison.Ordinal);
        Assert.Equal(source.Length, code.Length);
        Assert.Equal(source.IndexOf('\n', StringComparison.Ordinal), code.IndexOf('\n', StringComparison.Ordinal));
    }

    [Fact]
    public void Nested_types_records_and_interfaces_are_found()
    {
        var file = CSharpFile.Parse(
            """
            public abstract record A { private A() { } public sealed record B(int C) : A; }
            internal interface I { int M(int a, int b); }
            """);

        Assert.Equal(
            ["public abstract record A", "public sealed record B(int C) : A", "internal interface I"],
            file.TypeHeaders);
    }
}
