using System.Globalization;
using System.Net;
using System.Text;
using PgMahout.Core.Tuning;

namespace PgMahout.Advising;

/// <summary>The ratios of a measurement as a picture: a point with its interval for each comparison.</summary>
internal static class MeasurePlot
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;
    private const int Left = 190;
    private const int Right = 700;
    private const int Top = 60;
    private const int Row = 44;

    public static string Svg(Measurement measured)
    {
        var trials = measured.All.ToArray();
        var low = Math.Min(0.8, trials.Min(trial => trial.Comparison.Interval.Low));
        var high = Math.Max(1.25, trials.Max(trial => trial.Comparison.Interval.High));
        var bottom = Top + Row * trials.Length;
        var text = new StringBuilder();
        text.Append(string.Create(Culture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 {bottom + 50}\" font-family=\"sans-serif\" "
            + $"font-size=\"13\">\n<rect width=\"760\" height=\"{bottom + 50}\" fill=\"white\"/>\n"));
        text.Append(Text(20, 24, string.Create(Culture,
            $"Transactions per second against without (PostgreSQL {measured.Major}, {measured.Clients} clients)"), 15));
        foreach (var mark in Marks(low, high))
            text.Append(string.Create(Culture,
                    $"<line x1=\"{X(mark, low, high)}\" x2=\"{X(mark, low, high)}\" y1=\"{Top - 12}\" y2=\"{bottom}\" "
                    + $"stroke=\"{(mark == 1 ? "#444" : "#ddd")}\"/>\n"))
                .Append(Text(X(mark, low, high) - 14, bottom + 20, string.Create(Culture, $"× {mark:0.##}"), 13));
        foreach (var (index, trial) in trials.Index())
            text.Append(Line(trial, Top + Row * index + Row / 2, low, high));
        return text.Append("</svg>\n").ToString();
    }

    private static string Line(Trial trial, int y, double low, double high)
    {
        var (from, to) = trial.Comparison.Interval;
        var colour = trial.Comparison.Finding switch
        {
            Finding.Better => "#1a7f37",
            Finding.Worse => "#cf222e",
            Finding.Undecided => "#6e7781",
        };
        return Text(20, y + 4, trial.Title, 13)
            + string.Create(Culture,
                $"<line x1=\"{X(from, low, high)}\" x2=\"{X(to, low, high)}\" y1=\"{y}\" y2=\"{y}\" "
                + $"stroke=\"{colour}\" stroke-width=\"3\"/>\n"
                + $"<circle cx=\"{X(trial.Comparison.Ratio, low, high)}\" cy=\"{y}\" r=\"6\" "
                + $"fill=\"{colour}\"><title>{trial.Comparison.Ratio:F2}</title></circle>\n");
    }

    /// <summary>Equal ratios are equally far apart, better and worse alike.</summary>
    private static double X(double ratio, double low, double high) =>
        Math.Round(Left + (Right - Left) * Math.Log(ratio / low) / Math.Log(high / low), 1);

    private static IEnumerable<double> Marks(double low, double high) =>
        new[] { 0.5, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10 }.Where(mark => mark >= low && mark <= high);

    private static string Text(double x, int y, string text, int size) => string.Create(Culture,
        $"<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"#24292f\">{WebUtility.HtmlEncode(text)}</text>\n");
}
